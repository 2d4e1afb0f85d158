"""What is understood of a robot's tree: limbs, how it stands, body roles, soles, and joints that no role needs."""
