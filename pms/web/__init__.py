"""The frame around every department's pages: layout, styles, scripts, languages, sign-in, health, errors."""
