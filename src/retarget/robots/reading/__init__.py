"""From a model file's bytes to a MuJoCo model: MJCF, URDF and xacro, mended where only decoration is wrong."""
