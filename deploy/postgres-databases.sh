#!/bin/sh
# One server, three databases: Assay's registry and Temporal's two stores. Run by the image on its first start.
set -eu
for role in assay temporal; do
  psql -v ON_ERROR_STOP=1 -v role="$role" -v password="$POSTGRES_PASSWORD" -U "$POSTGRES_USER" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
SQL
done
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" \
  -c 'CREATE DATABASE assay OWNER assay' \
  -c 'CREATE DATABASE temporal OWNER temporal' \
  -c 'CREATE DATABASE temporal_visibility OWNER temporal'
