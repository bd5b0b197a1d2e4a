"""What the guest imports."""
