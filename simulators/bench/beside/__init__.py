"""Beside a rival gateway, in one sitting on one machine: the same messages, brokers with the same settings."""
