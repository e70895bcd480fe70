"""Rows of a plan in the forms that offices use. They are given rows and know neither database nor pages."""
