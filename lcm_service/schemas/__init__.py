"""One schema per thing, shared by form and API: what a value must look like, wherever it comes from.

What a schema cannot know is checked by the services: whether a code is in a list, whether fields contradict
each other, whether the sender may send them.
"""
