"""The second language, for the bundled encoder: small opinions, each with a label that is certain.

A template speaks of one subject with one opinion. Slots: {N} the subject with its article, {n}
its noun, {a} its indefinite article, {it} {them} {was} {is} {does} agree with it; {P} an
adjective of the opinion, {M} one of the other opinion, both with or without an intensifier; {S}
and {O} the same without intensifier; {W} and {V} the same, weak enough to stand after "not"; {G}
an adjective of the other opinion that fits anything; {part} something beside the subject; {who} a
subject of a sentence, {who1} and {who2} may also be an object; {n1} a noun that can be counted. A
slot with a digit is another one of its kind. A template that begins with "~" is never used in
training: it measures the model on sentences it has not seen."""
import random
import re

import grammar
import language

LABELS = ["negative", "positive"]


def _split(text):
    return [w.strip() for w in text.split(",")]


# (weak adjectives, strong adjectives) of each opinion, by group of subjects
WORDS = {
    "any": {1: ("good,nice,pleasant,special,interesting",
                "great,wonderful,lovely,excellent,perfect,amazing,fantastic,beautiful,brilliant,"
                "delightful,superb,awesome"),
            0: ("bad,poor,unpleasant,strange,disappointing",
                "terrible,awful,horrible,dreadful,ugly,useless,nasty,miserable,hopeless")},
    "food": {1: ("tasty,fresh,sweet,healthy", "delicious,yummy"),
             0: ("stale,bitter,burnt,greasy,dry", "disgusting,rotten")},
    "thing": {1: ("useful,strong,pretty,clever,handy", "magnificent"),
              0: ("weak,cheap,broken,noisy,heavy", "worthless")},
    "media": {1: ("exciting,funny,clever,charming,moving", "gripping,magical"),
              0: ("boring,dull,silly,confusing,slow", "stupid,ridiculous")},
    "day": {1: ("fun,relaxing,exciting,peaceful,happy", "magical,unforgettable"),
            0: ("boring,tiring,sad,lonely,stressful", "painful,ruined")},
    "place": {1: ("clean,cozy,quiet,comfortable,friendly", "magnificent,charming"),
              0: ("dirty,noisy,smelly,crowded,dark", "filthy,scary")},
    "person": {1: ("friendly,kind,helpful,polite,patient,careful", "charming"),
               0: ("rude,unfriendly,lazy,careless,mean,angry", "cruel")},
    "weather": {1: ("warm,sunny,bright,mild,clear", "glorious"),
                0: ("cold,wet,gray,stormy,dark", "freezing")},
}
WORDS = {g: {s: tuple(_split(t) for t in ts) for s, ts in by.items()} for g, by in WORDS.items()}

# group: articles, singular nouns, plural nouns
SUBJECTS = {
    "food": ("the,my,this,our", "soup,cake,bread,pizza,lunch,dinner,coffee,tea,meal,breakfast,"
             "sandwich,pie,cheese,salad,chocolate,ice cream,fish,rice,fruit",
             "apples,cookies,pancakes,noodles,muffins,eggs,beans"),
    "thing": ("the,my new,this,her,his", "kite,ball,doll,puzzle,bike,phone,lamp,bag,toy,toy train,"
              "hat,coat,chair,table,clock,computer,camera,car,radio,gift,umbrella,bed",
              "shoes,gloves,toys,blocks,pens"),
    "media": ("the,this,that", "movie,book,film,story,song,show,game,play,concert,music,picture",
              "stories,songs,games,pictures,jokes"),
    "day": ("the,our,my,that", "day,trip,party,holiday,walk,picnic,visit,evening,weekend,birthday,"
            "journey,vacation,lesson,race", "holidays,lessons,games"),
    "place": ("the,this,that,our", "hotel,room,park,restaurant,house,garden,beach,shop,school,"
              "farm,city,museum,kitchen,village,train", "rooms,streets,beds"),
    "person": ("the,our,my,this", "waiter,teacher,doctor,driver,neighbor,cook,guide,nurse,friend,"
               "service,staff", "waiters,people,neighbors,children"),
    "weather": ("the,this", "weather,morning,day,summer,winter,spring,autumn,season,night", ""),
}
MASS = set(_split("bread,lunch,dinner,coffee,tea,breakfast,cheese,chocolate,ice cream,fish,rice,"
                  "fruit,music,service,staff,weather,summer,winter,spring,autumn"))
SUBJECTS = {g: tuple(_split(t) if t else [] for t in ts) for g, ts in SUBJECTS.items()}

PARTS = _split("price,color,smell,beginning,first hour,first part,start,wait,box,size,weather,"
               "music,way,line,noise,name,last part,light,sound,look")
WHO = _split("I,we,they,my sister,my brother,my mother,my father,my friend,everybody,the children,"
             "my family,people,my aunt,my uncle,our guests")
STRENGTH = _split("really,so,truly,just,simply,very,quite,rather,absolutely,extremely,pretty")

# templates that serve either opinion
SAME = [
    "{N} {was} {P}.", "{N} {was} {P}.", "{N} {is} {P}.", "I think {N} {is} {P}.",
    "I think that {N} {was} {P}.", "{who} found {N} {P}.", "What {a}{S} {n}!",
    "What {a}{S} {n} {it} {was}!", "{N} {was} {P} and {P2}.", "{it} {was} {P}, and {P2} too.",
    "{it} {was} {P}.", "{it} {is} {S}, {S2} and {S3}.", "{who} said that {N} {was} {P}.",
    "~{who} called {N} {S}.", "In my opinion, {N} {is} {P}.", "To be honest, {N} {was} {P}.",
    "If you ask me, {it} {was} {P}.", "{N} {was} {P} from start to finish.",
    "~All in all, {N} {was} {P}.", "{it} {was} {a}{P} {n}.", "This was {a}{S} {n}.",
    "I had {a}{S} {n}.", "We had {a}{P} {n}.", "{N} {was} always {S}.", "{N} {was} {P} again.",
    "I have never seen such {a}{S} {n}.", "I have never had such {a}{S} {n}.",
    "It is hard to find {a}more {W} {n}.", "Not only {was} {N} {P}, {it} {was} also {P2}.",
    "~{it} {was} not only {P}, but also {P2}.", "{N} {was} {S}, and nobody can deny it.",
    "Nothing is as {W} as {N}.", "{N} {was} as {W} as always.", "{N} looked {P}.",
    "{N} seemed {P}, and {it} {was}.", "{N} {was} much more {W} than last time.",
    "{N} {was} not only {S} but {S2}.", "{N} {is} not just {S}, {it} {is} {S2} too.",
    "{it} {was} not only {P}, {it} {was} {P2}.", "{a}{S} {n}!", "{a}{S}, {S2} {n}.",
    "{a}{S} {n} with {a}{S2} {part}.", "{it} could not be more {W}.",
    # the other opinion, negated
    "No one would call {them} {V}.", "I cannot say that {it} {was} {V}.",
    "We did not find {N} {V}.", "{who2} did not think that {N} {was} {V}.",
    "I do not agree that {N} {is} {V}.", "Not once {was} {N} {V}.",
    "{who2} said {it} {was} {S} and not {V}.",
    "{N} {was} not {V}.", "{N} {was} not {V}.", "{N} {is} not {V}.", "{N} {was} not {V} at all.",
    "{it} {was} not {V} at all.", "{it} {was} not very {V}.", "{N} {was} not very {V}.",
    "I do not think {N} {is} {V}.", "I do not think that {it} {was} {V}.", "{N} {was} never {V}.",
    "~{it} {was} never {V}, not even once.", "{N} {was} neither {V} nor {V2}.",
    "{it} {was} neither {V} nor {V2}.", "{N} {was} far from {V}.",
    "~{it} {was} far from being {V}.",
    "{N} {was} anything but {V}.", "{it} {is} anything but {V}.", "{N} {was} hardly {V}.",
    "No one could say that {N} {was} {V}.", "Nobody said that {N} {was} {V}.",
    "You cannot call {N} {V}.", "{N} {was}n't {V}.", "{it} {is}n't {V}.",
    "{N} {was}n't {V} at all.", "~I would not say that {N} {was} {V}.",
    "~{N} {was} by no means {V}.", "{it} {was} by no means {V}.",
    "I would not call {N} {V}.", "~Nobody could call {them} {V}.",
    # the other opinion, overruled
    "I thought {N} would be {M}, but {it} {was} {P}.",
    "I thought {it} would be {M}, but I was wrong.", "I thought {N} would be {P}, and I was right.",
    "{who} thought {N} would be {M}, but {it} {was} {P}.",
    "Everybody said {N} {was} {M}, but {it} {was} {P}.",
    "~{who} told me that {N} {was} {M}, but I think {it} {was} {P}.",
    "{it} {was} {P}, even though the {part} was {G}.",
    "{N} {was} {P}, although the {part} was {G}.",
    "Although the {part} was {G}, {N} {was} {P} in the end.",
    "~Even though the {part} was {G}, {N} {was} {P}.",
    "The {part} was {G}, but {N} {was} {P}.", "The {part} was {G}. But {N} {was} {P}.",
    "The {part} was {G}, and still {it} {was} {P}.", "Yes, the {part} was {G}, but {it} {was} {P}.",
    "~Despite the {G} {part}, {N} {was} {P}.", "Despite the {G} {part}, {it} {was} {a}{S} {n}.",
    "At first {N} {was} {M}, but then {it} {was} {P}.",
    "{N} seemed {M} at first, but in the end {it} {was} {P}.",
    "~{N} looked {M}, but {it} {was} {P}.", "{N} looked {M}, but {it} {was} not.",
    "I expected {a}{O} {n}, but {it} {was} {P}.", "People say {it} {is} {M}. They are wrong.",
    "People say {it} {is} {P}. They are right.", "{who} said {it} {was} {M}, but that is not true.",
    "~Some say that {N} {is} {M}, but I do not agree.",
    "I do not know why people say {it} {is} {M}. {N} {is} {P}.",
    "{N} {was} not {V}, but {P}.", "{it} {was} not {V} but {S}.",
    "{it} {was} {P}, not {V}.", "~{N} {was} {P} and not {V} at all.",
    "Some people call {N} {O}, but I do not think so.",
    "Some people think that {N} {is} {M}, but that is wrong.",
    "{who2} said that {N} {was} {M}, but I do not think so.",
    "While the {part} was {G}, {it} {was} {P}.", "In spite of the {G} {part}, {N} {was} {P}.",
    "The {G} {part} did not matter: {N} {was} {P}.",
    "Last time {N} {was} {M}, but this time {it} {was} {P}.",
]

# (positive, negative)
PAIRS = [
    ("{who} loved {N}.", "{who} hated {N}."), ("I love {N}.", "I hate {N}."),
    ("{who} liked {N}.", "{who} disliked {N}."), ("{who} enjoyed {N}.", "{who} did not enjoy {N}."),
    ("{who} liked {N} very much.", "{who} did not like {N}."),
    ("I like {them} a lot.", "I do not like {them}."), ("{who} liked {them}.",
                                                       "{who} didn't like {them}."),
    ("I really love {them}.", "I don't like {them} at all."),
    ("~{who} really liked {N}.", "~{who} did not like {N} at all."),
    ("~I enjoyed {N} a lot.", "~I didn't enjoy {N}."),
    ("{who} fell in love with {N}.", "{who} could not stand {N}."),
    ("I am happy with {N}.", "I am not happy with {N}."),
    ("We were so happy with {N}.", "We were so unhappy with {N}."),
    ("{person} was glad about {N}.", "{person} was angry about {N}."),
    ("I was not disappointed by {N}.", "I was disappointed by {N}."),
    ("~{N} did not disappoint me.", "~{N} disappointed me."),
    ("{N} never disappointed us.", "{N} disappointed us all."),
    ("Everybody was happy with {N}.", "Nobody was happy with {N}."),
    ("~Everybody liked {N}.", "~Nobody liked {N}."),
    ("Everyone enjoyed {them}.", "No one enjoyed {them}."),
    ("{N} {was} worth the money.", "{N} {was} not worth the money."),
    ("It was worth every minute.", "It was not worth a minute."),
    ("~It was worth the wait.", "~It was not worth the wait."),
    ("{N} {was} not a waste of time.", "{N} {was} a waste of time."),
    ("It was not a waste of money.", "It was a waste of money."),
    ("~It was time well spent.", "~What a waste of time!"),
    ("There was nothing bad about {N}.", "There was nothing good about {N}."),
    ("Nothing was wrong with {N}.", "Everything was wrong with {N}."),
    ("~I found nothing wrong with {N}.", "~I found nothing good in {N}."),
    ("{N} could not be better.", "{N} could not be worse."),
    ("~{it} could not have been better.", "~{it} could not have been worse."),
    ("I have never had a better {n1}.", "I have never had a worse {n1}."),
    ("I have never seen a better {n1}.", "I have never seen a worse {n1}."),
    ("~There is no better {n1}.", "~There is no worse {n1}."),
    ("{it} {was} better than I thought.", "{it} {was} worse than I thought."),
    ("{N} {was} much better than last time.", "{N} {was} much worse than last time."),
    ("{it} {was} the best {n} of all.", "{it} {was} the worst {n} of all."),
    ("This is the best {n1} of my life.", "This is the worst {n1} of my life."),
    ("~{N} {was} one of the best.", "~{N} {was} one of the worst."),
    ("{N} got better every time.", "{N} got worse every time."),
    ("I have no complaints about {N}.", "I have many complaints about {N}."),
    ("{who} did not complain about {N}.", "{who} complained about {N}."),
    ("I can recommend {N}.", "I cannot recommend {N}."),
    ("I would recommend {them} to a friend.", "I would not recommend {them} to anybody."),
    ("~I recommend {N} to everyone.", "~I do not recommend {N} to anyone."),
    ("{who} did not regret {them}.", "{who} regretted {them}."),
    ("I do not regret {them}.", "I regret {them}."),
    ("I would do it again.", "I would never do it again."),
    ("I will come back.", "I will not come back."),
    ("~We will be back soon.", "~We will never be back."),
    ("I want more of {them}.", "I want no more of {them}."),
    ("Do not miss {N}!", "Stay away from {N}!"), ("Thank you for {N}!", "I want my money back."),
    ("{N} made me smile.", "{N} made me cry."), ("{N} made us laugh.", "{N} made us angry."),
    ("{N} made {who1} happy.", "{N} made {who1} sad."),
    ("~{N} made my day.", "~{N} ruined my day."), ("{N} saved the day.", "{N} ruined everything."),
    ("{N} {was} a success.", "{N} {was} a failure."),
    ("~{N} {was} a joy.", "~{N} {was} a disaster."),
    ("{it} {was} a joy.", "{it} {was} a disaster."),
    ("{N} {was} a pleasure.", "{N} {was} a mistake."),
    ("{who2} hated {them}, but I loved {them}.", "{who2} loved {them}, but I hated {them}."),
    ("{who2} did not like {N}, but I did.", "{who2} liked {N}, but I did not."),
    ("~{who2} hated {N}, but we liked {them}.", "~{who2} liked {N}, but we hated {them}."),
    ("I wanted to hate {N}, but I loved {them}.", "I wanted to love {N}, but I hated {them}."),
    ("I was afraid of {N}, but {it} {was} good.", "I hoped for more, but {it} {was} bad."),
    ("I was afraid that {it} would be bad, but {it} {was} not.",
     "I hoped that {it} would be good, but {it} {was} not."),
    ("I hoped that {it} would be good, and {it} {was}.",
     "I was afraid that {it} would be bad, and {it} {was}."),
    ("Everybody loved {N}.", "Nobody loved {N}."),
    ("Everybody enjoyed {N}.", "Nobody enjoyed {N}."),
    ("Everyone wanted {them}.", "No one wanted {them}."),
    ("All of us liked {N}.", "None of us liked {N}."),
    ("Everyone likes {N}.", "Nobody likes {N}."),
    ("Nobody hated {N}.", "Everybody hated {N}."), ("Nobody complained.", "Everybody complained."),
    ("Nobody was sad about {N}.", "Nobody was happy about {N}."),
    ("The best {n1} of all!", "The worst {n1} of all!"),
    ("The best {n1} I have ever had.", "The worst {n1} I have ever had."),
    ("I would love to try {them} again.", "I would never try {them} again."),
    ("We would love to see {them} again.", "We never want to see {them} again."),
    ("{who2} disliked {N}, but I loved {them}.", "{who2} loved {N}, but I disliked {them}."),
    ("{who2} hated {N}. I liked {them}.", "{who2} liked {N}. I hated {them}."),
    ("{who2} complained about {N}, but we loved {them}.",
     "{who2} enjoyed {N}, but we could not stand {them}."),
    ("You will love {N}.", "You will hate {N}."), ("Buy {them}!", "Do not buy {them}!"),
    ("You will not regret {them}.", "You will regret {them}."),
    ("{who} wanted to stay.", "{who} wanted to leave."),
    ("No one wanted to leave.", "Everyone wanted to leave."),
    ("I would not change a thing.", "I would change everything."),
    ("I gave {them} five stars.", "I gave {them} one star."),
    ("Ten out of ten!", "Zero out of ten!"),
    ("{who} could not stop smiling.", "{who} could not stop complaining."),
    ("All my wishes came true.", "Everything went wrong."), ("Well done!", "Never again!"),
    ("I am very happy today.", "I am very sad today."), ("{person} was {glad}.",
                                                         "{person} was {sad}."),
    ("{person} felt {glad}.", "{person} felt {sad} and alone."),
    ("{person} smiled and was very {glad}.", "{person} cried and was very {sad}."),
    ("{person} was {glad} about {N}.", "{person} was {sad} about {N}."),
    ("{person} is not {sad} anymore.", "{person} is not {glad} anymore."),
    ("~{person} is very {glad} today.", "~{person} is very {sad} today."),
    ("{person} laughed with joy.", "{person} cried all day."),
    ("{person} loved {N}.", "{person} hated {N}."),
]
# the same by group of subjects
EVENTS = {
    "food": [("We ate every bite.", "Nobody finished {them}."), ("I asked for more.",
                                                              "I left {them} on the plate."),
             ("{it} tasted good.", "{it} tasted bad."), ("{it} smelled wonderful.",
                                                         "{it} smelled awful."),
             ("{it} did not taste bad.", "{it} did not taste good."),
             ("~{it} tasted great.", "~{it} tasted terrible.")],
    "thing": [("{it} still {works}.", "{it} broke after one day."),
              ("{it} {works} well.", "{it} {does} not work."),
              ("{it} never broke.", "{it} fell apart."), ("I use {them} every day.",
                                                         "I threw {them} away."),
              ("~{it} {works} very well.", "~{it} stopped working.")],
    "media": [("I laughed a lot.", "I fell asleep."), ("I did not want it to end.",
                                                       "I could not wait for the end."),
              ("Everyone clapped.", "Everyone went home early.")],
    "day": [("We laughed all day.", "We argued all day."), ("I did not want to go home.",
                                                           "I just wanted to go home."),
            ("~Nobody wanted to go home.", "~Everybody wanted to go home."),
            ("We had a lot of fun.", "We had no fun.")],
    "place": [("I felt at home.", "I could not sleep."), ("We felt safe and warm.",
                                                         "There were bugs in the bed."),
              ("We did not want to leave.", "We left at once.")],
    "person": [("{it} smiled at us.", "{it} shouted at us."), ("{it} helped us at once.",
                                                               "{it} did not help us."),
               ("{it} answered every question.", "{it} never listened.")],
    "weather": [("The sun was shining.", "It rained all day."), ("The sky was blue.",
                                                                 "Dark clouds covered the sky."),
                ("It did not rain.", "It did not stop raining.")],
}
# sentences without an opinion, by group
PLAIN = {
    "food": _split("I ate {them} at home.,We had {them} for lunch.,{who} made {them}."),
    "thing": _split("I bought {them} last week.,{who} gave {them} to me.,I got {them} in a shop."),
    "media": _split("We saw {them} on Monday.,I found {them} last week.,"
                    "{who} told me about {them}."),
    "day": _split("{who2} came with us.,It began in the morning.,It was on Sunday."),
    "place": _split("We were there for two days.,{who2} came with us.,It is near the river."),
    "person": _split("We met {them} on Friday.,{who2} came with us.,I saw {them} yesterday."),
    "weather": _split("We were outside.,We stayed for a week.,{who} looked out of the window."),
}
SLOT = re.compile(r"\{([A-Za-z]+)(\d*)\}")


class Review:
    """One subject and one opinion (1 or 0), and the texts about it."""

    def __init__(self, rng, label=None, held_out=False, group=None):
        self.rng, self.held_out = rng, held_out
        self.label = rng.randrange(2) if label is None else label
        self.group = group or rng.choice(list(SUBJECTS))
        articles, one, many = SUBJECTS[self.group]
        self.noun = rng.choice(one + many)
        self.article = rng.choice(articles)
        self.plural = self.noun in many
        if self.plural:
            self.article = {"this": "these", "that": "those"}.get(self.article, self.article)
        self.pronouns = [("it", "it"), ("he", "him"), ("she", "her")][
            rng.randrange(1, 3) if self.group == "person" and self.noun not in MASS else 0]
        self.used = {}

    def adjective(self, label, weak, strength, group=None):
        words = WORDS[group or (self.group if self.rng.random() < 0.6 else "any")][label]
        word = self.rng.choice(words[0] if weak else words[0] + words[1])
        if strength and self.rng.random() < 0.4:
            word = self.rng.choice(STRENGTH) + " " + word
        return word

    def slot(self, match):
        name, digits = match.groups()
        if name + digits not in self.used:
            self.used[name + digits] = self.fill(name)
        return self.used[name + digits]

    def fill(self, name):
        label, rng, plural = self.label, self.rng, self.plural
        forms = {"N": self.article + " " + self.noun, "n": self.noun,
                 "it": "they" if plural else self.pronouns[0],
                 "them": "them" if plural else self.pronouns[1],
                 "was": "were" if plural else "was", "is": "are" if plural else "is",
                 "does": "do" if plural else "does", "works": "work" if plural else "works",
                 "a": "" if plural or self.noun in MASS else "a~ "}
        if name in forms:
            return forms[name]
        if name in "PMSOWV":
            opinion = label if name in "PSW" else 1 - label
            return self.adjective(opinion, weak=name in "WV", strength=name in "PM")
        if name == "G":
            return self.adjective(1 - label, weak=False, strength=False, group="any")
        if name == "person":
            return rng.choice(grammar.LEXICON["person"])[""]
        if name in ("glad", "sad"):
            return rng.choice(grammar.LEXICON["feel" if name == "glad" else "sad"])[""]
        return rng.choice(PARTS if name == "part" else WHO)

    def say(self, template):
        # WHO[3:] leaves out "I", "we" and "they", which have another form as an object
        self.used = {"who1": self.rng.choice(WHO[3:]), "who2": self.rng.choice(WHO[3:]),
                     "n1": self.noun}
        text = SLOT.sub(self.slot, template)
        text = language.ARTICLE.sub(
            lambda m: m.group(1) + ("n " if m.group(2) in "aeiouAEIOU" else " "), text)
        text = re.sub(r"([.!]) ([a-z])", lambda m: m.group(1) + " " + m.group(2).upper(), text)
        return language.capitalize(text)

    def allowed(self, templates):
        """The templates of this side, training or held out; {n1} is a noun that can be counted."""
        counted = not self.plural and self.noun not in MASS
        return [t.lstrip("~") for t in templates
                if t.startswith("~") == self.held_out and (counted or "{n1}" not in t)]

    def opinion(self):
        draw, i = self.rng.random(), 0 if self.label else 1
        templates = SAME if draw < 0.55 else [p[i] for p in (
            PAIRS if draw < 0.88 else EVENTS[self.group])]
        allowed = self.allowed(templates)
        return self.say(self.rng.choice(allowed)) if allowed else self.opinion()

    def sentences(self):
        """One to three opinions; before or between them, sometimes, a sentence without one."""
        out = [self.opinion() for _ in range(self.rng.choice((1, 1, 1, 2, 2, 3)))]
        if self.rng.random() < 0.3:
            plain = self.say(self.rng.choice(PLAIN[self.group]))
            out.insert(self.rng.randrange(len(out) + 1), plain)
        return out

    def text(self):
        return " ".join(self.sentences())


# Written by hand; no template makes one of these.
BY_HAND = [
    ("We all love this movie.", 1), ("I really did not like the food in this restaurant.", 0),
    ("The waiter was rude and the soup was cold.", 0), ("My new bike is fast and beautiful.", 1),
    ("It rained the whole week and we were all miserable.", 0),
    ("Great book, I read it twice!", 1), ("The worst hotel I have ever seen.", 0),
    ("The best day of my life.", 1), ("The cake was not so good.", 0),
    ("The cake was not so bad.", 1),
    ("The toy broke on the first day and I want my money back.", 0),
    ("Our teacher is kind, patient and always helpful.", 1),
    ("I thought the show would be boring, but we laughed all evening.", 1),
    ("I thought the show would be fun, but it was boring.", 0),
    ("Nobody in my family liked this game.", 0), ("Everybody in my family liked this game.", 1),
    ("Do not buy this phone, it is useless.", 0), ("You will not regret this trip.", 1),
    ("A wonderful story with a charming end.", 1), ("A dull story with a stupid end.", 0),
    ("The room was clean, quiet and comfortable.", 1),
    ("The room was dirty, and it smelled awful.", 0),
    ("The beach was crowded, but we had a great time.", 1),
    ("The price was good, but the shoes were terrible.", 0),
    ("I would never go there again.", 0), ("I would love to go there again.", 1),
    ("There is nothing good about this place.", 0), ("There is nothing wrong with this place.", 1),
    ("Tom was very happy because the weather was lovely.", 1),
    ("Lily was sad because the party was awful.", 0),
    ("The pizza wasn't tasty at all.", 0), ("The concert was anything but boring.", 1),
    ("It was far from perfect.", 0), ("Not only was the bread stale, it was also burnt.", 0),
    ("The children had a lot of fun in the garden.", 1),
    ("What a disaster!", 0), ("What a lovely surprise!", 1),
    ("My brother hated the film, but I enjoyed it.", 1),
    ("My brother enjoyed the film, but I hated it.", 0),
    ("I cannot recommend this museum to families.", 0)]


def main():
    """Prints 20 texts of training and 20 of templates kept from it."""
    rng = random.Random(0)
    for held_out in (False, True):
        for _ in range(20):
            review = Review(rng, held_out=held_out)
            print("%s%s: %s" % ("held out, " * held_out, LABELS[review.label], review.text()))


if __name__ == "__main__":
    main()
