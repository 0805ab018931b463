"""Simulated devices on the real wire, each as State, Service and UseCases."""
