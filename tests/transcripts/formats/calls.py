"""A call as Allô transcribes it, for the tests of the formats."""

from transcripts.transcript import AudioFacts, Flagged, Transcript, Turn, Word

WORDS = (Word(0.1, 0.5, "Allô,", 0.9), Word(0.6, 1.2, "j'écoute", 0.8))
LONG = (
    "Je voulais savoir si mon dossier était complet, et combien de temps il fallait attendre ; vous savez, on m'a dit "
    "« deux semaines » au téléphone !"
)
TRANSCRIPT = Transcript(
    audio=AudioFacts("appel « n° 1 ».wav", 3725.5, 8000, 2, "pcm_mulaw"),
    language="fr",
    model="whisper-base",
    adapter=None,
    engine="ctranslate2",
    turns=[
        Turn(0.0, 1.2345, "Allô, j'écoute ?", 0.91, 0, "A", WORDS),
        Turn(59.9996, 61.0, "Oui & non, <c'est> ça.", 0.5, 1, "B"),
        Turn(3600.0, 3725.4, "Au revoir.", 0.99, 0, "A"),
    ],
    flagged=[Flagged(100.0, 102.0, "Sous-titrage ST' 501", "phantom", 1)],
    seconds_taken=372.55,
)
TIMES = [(0, 1234), (60000, 61000), (3600000, 3725400)]  # milliseconds
