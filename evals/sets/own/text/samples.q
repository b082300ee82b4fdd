topic samples
split train

? the-one-who | who dreamt of a desk that remembers after the war | Vannevar Bush | ~who had directed the scientific research, ~So Bush imagines a desk
? half-remembered-name | radar technician in the Philippines who read about it, Engel... | Douglas Engelbart | ~His name was Douglas Engelbart, ~He was twenty years old
? misspelt-name | where did {Engelbard=Engelbart} find the magazine | bamboo hut on stilts | ~He was twenty years old
? misspelt-name | who helped {Englebart=Engelbart} with the wooden box on two wheels | Bill English | ~his engineer Bill English
? misspelt-name | {Ted Nelsen=Ted Nelson} word for branching writing | hypertext | ~That came from Ted Nelson
? misspelt-name | {Raymond Calwell=Raymond Calvel} let flour and water stand | thirty minutes;;autolyse | ~Raymond Calvel
? number | how hot is a loaf inside when it's done | 96 degrees | ~its middle has reached 96
? number | size of my bicycle tyres | 32-622 | ~Tyres
? number | rent for a plot | 60 euros | ~The rent stays at 60
? book-or-article | where did I read that one should knock at the bottom of the bread | sound hollow | ~its middle has reached 96
? follow-up-of-topic | grey stuff on top of the starter, is it dangerous | sign of hunger, not of illness | ~bakers call hooch
? follow-up-of-topic | why mustn't anything be sprayed in summer on the allotment | Because of the bees | ~Because of the bees nothing
? time | when is the shredder there | 21 and 22 February | ~The shredder is hired | 2026-02-10T10:00
? lower-case | how does the main tap close | clockwise | ~The main water tap
? quote | "trails that other people laid" | other people laid | ~trails that other people laid
? said-by | what does the treasurer ask about coins | not in coins | ~The rent stays at 60
? two-places | what did they invent in 1964 and show four years later in San Francisco | mouse | ~his engineer Bill English, ~Links that you can click
! swapped | what did Ted Nelson show on the stage in San Francisco | the mouse | ~Links that you can click
! absent | how many eggs go into the everyday loaf | 500 grams | ~The everyday loaf of this handbook
