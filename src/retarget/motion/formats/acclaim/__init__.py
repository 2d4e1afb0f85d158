"""Acclaim's pair of files: a skeleton (``.asf``) and motions of it (``.amc``)."""
