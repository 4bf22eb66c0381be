from hypothesis import settings

# a busy machine is not a slow function
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
