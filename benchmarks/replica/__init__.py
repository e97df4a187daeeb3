"""What the local replica costs on this machine: metering, rolling back, canisters that do nothing."""
