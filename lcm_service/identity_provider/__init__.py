"""Single sign-on by OpenID Connect: what an identity provider is asked, and when it is believed.

Who may act here, and as whom, is for the services to say; this room knows no account.
"""
