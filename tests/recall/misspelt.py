"""Names, and how somebody asks who has only half heard or half remembered them: one or two
sounds or letters off. Some are known only as a recogniser wrote them down.

`DEVELOPED` was looked at while the rules of `memex.recall.spelling` were made, `KEPT` was not:
change no rule for what is in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence that is remembered, and a question that it answers."""

    said: str
    asked: str
    spelling: str
    """The word of `said` that is meant."""


DEVELOPED: Final = (
    Case("Ciarami repaired the espresso machine", "who is chair ami", "ciarami"),
    Case("Nuzhat lent me her tent for the trip", "what did nuzad lend me", "nuzhat"),
    Case("We had dinner at Delmonico before the opera", "dinner at Domonico", "delmonico"),
    Case("Wojciech found the leak under the sink", "who is Woychek", "wojciech"),
    Case("Siobhan keeps bees on the roof", "does shivon keep bees", "siobhan"),
    Case("Thibault wrote the score for the short film", "film music by Tebo", "thibault"),
    Case("Ask Katarzyna about the dentist in Krakow", "dentist katarsina", "katarzyna"),
    Case("Oluwaseun starts on Monday as a nurse", "oluwasaun the nurse", "oluwaseun"),
    Case("Rajkumar showed me how to prune roses", "roses with raj kumar", "rajkumar"),
    Case("Mahmoud sold his van to a baker", "when did Mahmud sell his van", "mahmoud"),
    Case("Guadalupe sings alto in the choir", "guadeloupe alto choir", "guadalupe"),
    Case("Yevgenia translated the letter for us", "evgenia letter", "yevgenia"),
    Case("Bjarke drew the plan of the harbour bath", "who is byarke", "bjarke"),
    Case("Sinead moved to Galway in the autumn", "shinead in galway", "sinead"),
    Case("Philippa plays the viola", "Filipa viola", "philippa"),
    Case("Kowalczyk signed for the parcel", "kovalchik parcel", "kowalczyk"),
    Case("Hiroshi grows bonsai pines", "heroshi bonsai", "hiroshi"),
    Case("Mbeki asked about the water meter", "umbeki water meter", "mbeki"),
    Case("Szymborska was read at the wedding", "poem by simborska", "szymborska"),
    Case("Catherine will water the ferns", "kathryn ferns", "catherine"),
    Case("Geoffrey forgot his umbrella on the ferry", "jeffrey umbrella", "geoffrey"),
    Case("Aoibheann runs the bookshop by the canal", "eveen bookshop", "aoibheann"),
    Case("Tchaikovsky was on the radio all evening", "chaikofsky on the radio", "tchaikovsky"),
    Case("Xiaoming taught us to fold dumplings", "shaoming dumplings", "xiaoming"),
    Case("Zlatko fixed the gearbox of the tractor", "slatko gearbox", "zlatko"),
    Case("Ingeborg knitted a green scarf", "ingabork scarf", "ingeborg"),
    Case("Vasquez measured the kitchen for new tiles", "kitchen tiles baskez", "vasquez"),
    Case("Eleftheria owns the taverna near the pier", "elefteria taverna", "eleftheria"),
    Case("Abernathy lost the spare key", "abernethy spare key", "abernathy"),
    Case("Mikkelsen carved the wooden spoons", "michelson wooden spoons", "mikkelsen"),
    Case("Priyanka passed the bar exam", "pryanka bar exam", "priyanka"),
    Case("Quetzalli paints tiny birds on glass", "ketzali birds on glass", "quetzalli"),
    Case("the plumber was mister haze and he came twice", "Hayes the plumber", "haze"),
    Case("we met shar lot at the pottery class", "Charlotte pottery", "shar lot"),
    Case("then dough min gez brought the ladder back", "Dominguez ladder", "dough min gez"),
    Case("that was wrecker in the garage he has the jack", "Ricker jack", "wrecker"),
    Case("a man called mick allis sharpened the saws", "Michalis saws", "mick allis"),
    Case("the tall one is ann ya she teaches chess", "Anya chess", "ann ya"),
)
"""Looked at."""

KEPT: Final = (
    Case("Giordano delivered the olive oil", "jordano olive oil", "giordano"),
    Case("Shreya won the spelling contest", "shria spelling contest", "shreya"),
    Case("We stayed with Niamh above the bakery", "neev bakery", "niamh"),
    Case("Grzegorz welded the gate", "gregorz gate", "grzegorz"),
    Case("Beauchamp lectures on tides", "beachum tides lecture", "beauchamp"),
    Case("Magdalena has the projector", "magdelena projector", "magdalena"),
    Case("Adebayo coaches the under twelves", "adibayo coach", "adebayo"),
    Case("Venkatesh booked the court for Friday", "venkatesch court", "venkatesh"),
    Case("Youssef roasts his own coffee", "yusuf coffee", "youssef"),
    Case("Xochitl planted the agaves", "sochil agaves", "xochitl"),
    Case("Lyudmila mends old clocks", "ludmilla clocks", "lyudmila"),
    Case("Soren built a cedar canoe", "sorren canoe", "soren"),
    Case("Caoimhe found the lost cat", "keeva lost cat", "caoimhe"),
    Case("Stephanie borrowed the sewing machine", "stefany sewing machine", "stephanie"),
    Case("Dvorak was played at the funeral", "dvorshak funeral", "dvorak"),
    Case("Takahashi tuned the piano", "takahachi piano", "takahashi"),
    Case("Nkechi opened a salon downtown", "enkechi salon", "nkechi"),
    Case("Przybylski owes us a crate of apples", "shibilski apples", "przybylski"),
    Case("Kristin knows the way to the quarry", "christine quarry", "kristin"),
    Case("Jeremiah rewired the attic", "geremiah attic", "jeremiah"),
    Case("Eilidh danced at the ceilidh in Oban", "aylee danced", "eilidh"),
    Case("Schwarzenbach photographed the desert", "shvartsenbach desert", "schwarzenbach"),
    Case("Zhang repaired the violin bow", "jang violin bow", "zhang"),
    Case("Radovan distils plum brandy", "radowan brandy", "radovan"),
    Case("Annelise drew the map of the caves", "anneliese caves", "annelise"),
    Case("Echeverria judged the dog show", "etcheveria dog show", "echeverria"),
    Case("Papadopoulos rents out the boats", "papadapoulos boats", "papadopoulos"),
    Case("MacAllister keeps the minutes", "mcalister minutes", "macallister"),
    Case("Lindqvist sells sauna stoves", "lindkvist stoves", "lindqvist"),
    Case("Sanjeev cycles to the lighthouse", "sunjeev lighthouse", "sanjeev"),
    Case("Tlaloc is the name of their dog", "talaloc dog", "tlaloc"),
    Case("the surgeon is doctor burn steen from Leeds", "Bernstein surgeon", "burn steen"),
    Case("so feel told us about the glacier", "Sofiel glacier", "so feel"),
    Case("and then car mine locked the workshop", "Carmine workshop", "car mine"),
    Case("the violin belongs to reetika next door", "Ritika violin", "reetika"),
    Case("mister jack ottay fixed the boiler", "Giacotte boiler", "jack ottay"),
    Case("we asked fill mina for the recipe", "Philomena recipe", "fill mina"),
    Case("the key is with lasslow in the office", "Laszlo key", "lasslow"),
)
"""Not looked at."""
