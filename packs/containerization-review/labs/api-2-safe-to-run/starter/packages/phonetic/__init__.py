"""Spells words as they are spoken over the radio."""

ALPHABET = """
    Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike
    November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey Xray Yankee Zulu
"""
NAMES = {name[0]: name for name in ALPHABET.split()}


def spell(word: str) -> str:
    """The letters of a word by their names; what is no letter from A to Z stays as it is."""
    return " ".join(NAMES.get(letter.upper(), letter) for letter in word)
