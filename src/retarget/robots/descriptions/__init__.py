"""What is told of robots: inspection, `robot.toml`, lists and the table in the documents."""
