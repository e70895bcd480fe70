"""Every rule and value stated a second time. Nothing here knows how a plan was found."""
