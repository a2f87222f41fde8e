"""CHAT becomes what a person would write: the cases are the specification."""

import pytest

from transcripts.chat_markup import clean

pytestmark = pytest.mark.fast

CASES = [
    # punctuation set apart
    ("bonjour , ça va ?", "Bonjour, ça va ?"),
    ("oui .", "Oui."),
    ("d' accord , merci !", "D'accord, merci !"),
    ("aujourd ' hui c' est lundi .", "Aujourd'hui c'est lundi."),
    ("est -ce que tu viens ?", "Est-ce que tu viens ?"),
    ("oui , , bon .", "Oui, bon."),
    ("je viens demain . tu viens aussi ?", "Je viens demain. Tu viens aussi ?"),
    ("quoi ? non !", "Quoi ? Non !"),
    ("écoute : j' arrive", "Écoute : j'arrive"),
    ("il a dit “ bonjour ” .", "Il a dit « bonjour »."),
    # hesitations were said; fragments, events and the listener's words were not, or by someone else
    ("&-euh je sais pas .", "Euh je sais pas."),
    ("je &+vou voudrais partir .", "Je voudrais partir."),
    ("&euh oui .", "Euh oui."),
    ("&fra français .", "Français."),
    ("oui &=rit bien sûr .", "Oui bien sûr."),
    ("&=imite:chien oui .", "Oui."),
    ("alors &*INV:mhm je pars .", "Alors je pars."),
    ("&~blabli oui .", "Oui."),
    # repeats and corrections are in the recording
    ("je [/] je veux .", "Je je veux."),
    ("<je vais> [//] je veux partir .", "Je vais je veux partir."),
    ("<c'est> [///] oui .", "C'est oui."),
    ("il [/-] elle vient .", "Il elle vient."),
    ("oui [x 3] .", "Oui oui oui."),
    ("<mais non> [x 2] .", "Mais non mais non."),
    ("chais [: je sais] pas .", "Je sais pas."),
    ("<y a> [: il y a] quelqu'un .", "Il y a quelqu'un."),
    ("j'ai allé [:: suis allé] .", "J'ai allé."),
    # overlaps are numbered, and an ampersand, an at sign or a nought may be the text's own
    ("⌈2 oui ⌉2 bon ⌊3 non ⌋3 .", "Oui bon non."),
    ("⌈₂ oui ⌉₂ , ⌈32 ans⌉ .", "Oui, 32 ans."),
    ("je suis chez AT&T et R&D .", "Je suis chez AT&T et R&D."),
    ("la maison Dupont & fils .", "La maison Dupont & fils."),
    ("oui&=rit bien .", "Oui bien."),
    ("jean@gmail.com ou a@sfr.fr .", "Jean@gmail.com ou a@sfr.fr."),
    ("week@s:eng end@s$n miaou@o .", "Week end miaou."),
    ("à 0h30 0det matin .", "À 0h30 matin."),
    # ends and beginnings
    ("je voulais +...", "Je voulais..."),
    ("mais il +/.", "Mais il..."),
    ("mais je +//.", "Mais je..."),
    ("tu veux +..?", "Tu veux ?"),
    ("tu vas +/?", "Tu vas ?"),
    ("quoi +!?", "Quoi ?"),
    ("+< oui oui .", "Oui oui."),
    ("+^ non .", "Non."),
    ("+, et puis voilà .", "Et puis voilà."),
    ('+" je viens .', "Je viens."),
    ('il a dit +"/.', "Il a dit"),
    ("++ demain .", "Demain."),
    ("je sais pas ... enfin si .", "Je sais pas... enfin si."),
    # not understood
    ("xxx .", ""),
    ("xxx", ""),
    ("yyy www", ""),
    ("je xxx demain .", "Je demain."),
    ("xxx , oui .", "Oui."),
    ("oui , xxx .", "Oui."),
    # pauses
    ("oui (.) non (..) si (...) bon (1.5) .", "Oui non si bon."),
    ("oui # non .", "Oui non."),
    ("oui / non // si .", "Oui non si."),
    # words
    ("cocorico@o .", "Cocorico."),
    ("c'est le weekend@s:eng .", "C'est le weekend."),
    ("un b@l .", "Un b."),
    ("je 0ne sais pas .", "Je sais pas."),
    ("0 .", ""),
    ("0", ""),
    ("(i)l est a(v)ec quat(re) amis .", "Il est avec quatre amis."),
    ("(en)fin bon .", "Enfin bon."),
    ("ou:i no::n .", "Oui non."),
    ("oui: .", "Oui."),
    ("c'est_à_dire parce_que peut_être .", "C'est-à-dire parce que peut-être."),
    ("la Tour_Eiffel .", "La Tour Eiffel."),
    ("rendez+vous .", "Rendez-vous."),
    ("mai^son .", "Maison."),
    # comments and codes
    ("oui [=! rit] .", "Oui."),
    ("oui [= il tousse] non [% bruit] .", "Oui non."),
    ("oui [?] non [*] si [>] bon [<1] .", "Oui non si bon."),
    ("[- eng] hello .", "Hello."),
    ("bon [+ exc]", "Bon"),
    ("non ‡ merci .", "Non, merci."),
    ("tu viens „ hein ?", "Tu viens, hein ?"),
    ("ʔoui ↑non↓ ⌈si⌉ °bon° .", "Oui non si bon."),
    ("↫j-j↫je viens .", "Je viens."),
    ("oui . \x15123_456\x15", "Oui."),
    ("*SPE:\toui .", "Oui."),
    # what is no CHAT stays
    ("Il est 14:30, il fait 20° dehors.", "Il est 14:30, il fait 20° dehors."),
    ("Peut-être qu'elle viendra à 10 h ; qui sait ?", "Peut-être qu'elle viendra à 10 h ; qui sait ?"),
    ("", ""),
    (" . ", ""),
]


@pytest.mark.parametrize(("transcript", "written"), CASES)
def test_a_transcript_is_written_as_people_write(transcript, written):
    assert clean(transcript) == written


@pytest.mark.parametrize("written", sorted({written for _, written in CASES}))
def test_clean_text_stays_as_it_is(written):
    assert clean(written) == written


def test_the_prompts_which_are_no_chat_keep_their_words():
    from corpus.prompts import prompts
    from speech.decoding.hallucinations import plain

    for prompt in prompts():
        assert plain(clean(prompt.text)) == plain(prompt.text)
