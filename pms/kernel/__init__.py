"""The ground floor every department stands on: database, unit of work, feed, HTTP, languages."""
