"""Sentences that refuse something, marked so that they are collected for translation.

The domain and the services know no language but the one in which they are written; a page looks the finished
sentence up in the reader's language. So sentences that a person reads beside a field hold no inserted values.
"""


def sentence(text: str) -> str:
    """Mark a sentence for translation (collected with ``pybabel extract -k sentence``) and give it back."""
    return text
