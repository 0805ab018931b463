"""Measurements on the real wire, each beside its raw baseline in the same run (`innkeeper bench NAME`)."""
