"""E-mail over SMTP."""

from assay.adapters.email.sender import NoMail, SmtpSender
from assay.adapters.email.server import SmtpServer, StartTls, sender_address

__all__ = ["NoMail", "SmtpSender", "SmtpServer", "StartTls", "sender_address"]
