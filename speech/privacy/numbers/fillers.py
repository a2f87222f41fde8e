"""What is said between two pieces of one number."""

from collections.abc import Sequence

from speech.privacy.words import vocabulary

# Part of how a number is dictated: these vanish with it.
UNITS = vocabulary("h heure heures euro euros eur")  # that Whisper adds to pairs of digits
DICTATED = UNITS | vocabulary("espace tiret point barre slash fois x et le la cle virgule parenthese plus")

# Hesitations, what the other party says where both are on one channel, and the words that Whisper puts for digits or
# adds to them.
HESITATIONS = UNITS | vocabulary(
    "euh heu hum hmm mm ben bah hein alors et puis ensuite apres donc oui ouais non ok okay d accord voila pardon "
    "attendez attends c est ca je note vous ecoute tres bien allez y parfait exactement exact espace tiret point barre "
    "slash fois si cet cette set dis vin vain virgule cle merci super hop bon y va ca est on voir nickel impec top "
    "entendu compris absolument tenez tiens allons bref enfin"
)

# Someone looks a number up, or writes it down: with one of these, the little words that go with them.
WAITING = vocabulary(
    "attendez attends cherche regarde retrouve retrouver relis lis reprends reprenez repete repetez recommence notez "
    "notes note ecris ecrivez prends instant seconde secondes moment minute patientez quittez excusez excuse desole "
    "desolee pardon voyons suivez stylo papier vois trouve trouver trouves dis dire disais dites allo sais souviens "
    "rappelle crois pense ecoute entends entendez compris suite continue continuez bougez verifie lunettes sous yeux"
)
LITTLE = vocabulary(
    "je j vous me m le la l les un une de des d du mon ma mes est c ce ca ai que qu on y en deja plus comment bien pas "
    "ne n a au vais peux pouvez laissez moi faut il si tout petit petite lu tu t te deux s plait toujours encore non "
    "la fini avez bon mais petite petites petits voir va hop instants"
)
SMALL_WORDS = HESITATIONS | WAITING | LITTLE
LONGEST_FILLER = 4  # words
LONGEST_REPEAT = 6
LONGEST_WAIT = 9

NUMBER_WORDS = vocabulary(
    "zero un une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt vingts "
    "trente quarante cinquante soixante septante huitante octante nonante cent cents mille"
)


def is_filler(said: Sequence[str]) -> bool:
    """Whether words, without case and accents, may stand between two pieces of a number."""
    if (len(said) <= LONGEST_FILLER and HESITATIONS.issuperset(said)) or _is_repeat(said):
        return True
    if len(said) > LONGEST_WAIT or WAITING.isdisjoint(said):
        return False
    return SMALL_WORDS.issuperset(said)


def _is_repeat(said: Sequence[str]) -> bool:
    """« 2 fois le 12 », « et la clé, c'est 36 »."""
    if len(said) > LONGEST_REPEAT or {"fois", "cle"}.isdisjoint(said):
        return False
    return (HESITATIONS | {"le", "la"}).issuperset(said)
