"""The language of the bundled model, as data.

LEXICON holds the words, TEMPLATES-like lists hold the sentences. The generator (language.py) fills
the sentences, the checker (check.py) compiles the very same lists, so that the two cannot drift.

A slot is written {name} or {name.form}. The name without its digits is the class in LEXICON; a
slot keeps its value through a whole document. A and B are persons, P is a grown-up. "a~" becomes
"a" or "an" by the word that follows. One string may hold several sentences.
"""


def _persons():
    he = {"he": "he", "him": "him", "his": "his"}
    she = {"he": "she", "him": "her", "his": "her"}
    male = "Tom Ben Sam Max Leo Tim Jack Finn Noah Oscar Hugo Paul Fred Dan Theo Will".split()
    female = ("Lily Anna Mia Rose Emma Lucy Sara Zoe Ella Nora Kate Jane Ruby Daisy Molly "
              "Ivy").split()
    beasts = "cat dog rabbit fox bear duck mouse frog owl turtle pig bird".split()
    rows = []
    for names, forms, child in ((male, he, "boy"), (female, she, "girl")):
        for name in names:
            for kind in [child] + beasts:
                rows.append(dict(forms, **{"": name, "kind": kind}))
    return rows


def _words(text):
    return [{"": word.strip()} for word in text.split(",")]


def _table(names, *rows):
    return [dict(zip(names, row)) for row in rows]


NUMBERS = "one two three four five six seven eight nine ten eleven twelve".split()

LEXICON = {
    "person": _persons(),
    "adult": _table(("", "he", "him", "his"), *[
        (w, "she", "her", "her") for w in ("mother", "grandmother", "aunt")] + [
        (w, "he", "him", "his") for w in ("father", "grandfather", "uncle")]),
    "trait": _words("kind,brave,funny,shy,clever,gentle,curious,cheerful,quiet,friendly,happy,"
                    "polite,careful,playful"),
    "home": _words("in a small house near the woods,in a little village by the sea,"
                   "in a yellow house on a hill,in a cozy home under an old oak tree,"
                   "in a tiny house beside a pond,on a farm at the end of a long road,"
                   "in a town with many gardens,in a warm little house by the river,"
                   "at the edge of a green valley,in a stone house with a red door"),
    "hobby": _words("play outside,sing songs,read books,look at the clouds,count the stars,"
                    "jump in puddles,pick flowers,build towers,paint pictures,dance in the rain,"
                    "listen to stories,climb hills,chase butterflies,collect shiny stones"),
    "color": _words("red,blue,green,yellow,orange,purple,pink,white,brown,golden,silver,black"),
    "toy": _words("ball,drum,doll,hat,book,scarf,box,bell,cup,bag,ring,blanket,lamp,basket,"
                  "umbrella,button,whistle,mitten,toy train,toy boat,teddy bear,puzzle"),
    "light": _words("kite,ball,hat,balloon,paper plane,scarf"),
    "machine": _words("toy train,toy boat,clock,music box,wagon,drum,bike,lamp,swing,toy car"),
    "place": _table(("", "in", "to"), *[(w, "%s the %s" % (p, w), "to the " + w) for p, w in (
        ("in", "park"), ("in", "garden"), ("in", "woods"), ("on", "beach"), ("at", "farm"),
        ("at", "market"), ("in", "meadow"), ("by", "lake"), ("by", "river"), ("on", "hill"),
        ("in", "orchard"), ("by", "pond"))]),
    "spot": _words("under a bush,behind a tree,under a wooden bench,next to a big rock,"
                   "inside a hollow log,between two stones,in the tall grass,behind an old wall,"
                   "beside a little bridge,under a pile of leaves,near the garden gate,"
                   "at the bottom of a hole"),
    "food": _table(("", "pl"), *[w.split("/") for w in (
        "apple/apples pear/pears cookie/cookies bun/buns carrot/carrots sandwich/sandwiches "
        "plum/plums muffin/muffins peach/peaches orange/oranges "
        "pancake/pancakes nut/nuts").split()]),
    "drink": _words("warm milk,cold water,apple juice,hot tea,hot chocolate,lemonade"),
    "weather": _table(("", "line"), *[w.split("/") for w in (
        "sunny/The sun was shining and the sky was blue", "windy/The wind blew through the trees",
        "cloudy/Soft gray clouds covered the sky", "warm/The air was warm and full of birdsong",
        "cool/A cool breeze moved the leaves",
        "bright/The grass was green and the light was golden",
        "foggy/A thin fog lay over the fields")]),
    "season": _words("spring,summer,autumn,winter"),
    "small": _words("kitten,puppy,duckling,lamb,chick,baby bird,bunny,piglet"),
    "visitor": _words("bird,squirrel,hedgehog,deer,goat,pony,goose,sparrow"),
    "adj": _words("big,small,tiny,old,new,shiny,pretty,soft,strange,beautiful"),
    "feel": _words("happy,glad,proud,cheerful,thankful,joyful"),
    "sad": _words("sad,worried,upset,unhappy,lonely"),
    "flower": _words("sunflower,rose,tulip,daisy,pumpkin,bean,tomato,apple tree"),
    "treasure": _words("gold coins,old letters,shiny shells,colored stones,silver spoons,"
                       "glass beads,tiny bells,picture cards"),
    "skill": _words("swim,skate,ride a bike,play the drum,whistle,dance,paint,bake bread,"
                    "fly a kite,sing,juggle,knit"),
    "noise": _table(("", "cause"), *[w.split("/") for w in (
        "tap/a branch at the window", "scratch/a mouse behind the wall", "knock/a loose door",
        "whisper/the wind in the curtain", "drip/the rain on the roof", "creak/an old chair")]),
    "craft": _words("boat,raft,canoe,sailboat"),
    "isle": _words("a beach of white sand,a cave full of light,a tree with sweet fruit,"
                   "a family of seals,a field of wild flowers,an old stone tower"),
    "snow": _words("snowman,snow house,snow castle,snow bear"),
    "num": _table(("", "next", "prev"), *[
        (NUMBERS[i], NUMBERS[i + 1], NUMBERS[i - 1]) for i in range(1, 11)]),
    "few": _words("two,three,four,five,six,seven"),
    "sum": _table(("", "b", "c"), *[(NUMBERS[a - 1], NUMBERS[b - 1], NUMBERS[a + b - 1])
                                    for a in range(1, 7) for b in range(1, 7)]),
    "animal": _table(("", "say", "live", "eat", "legs", "baby"), *[w.split("/") for w in (
        "cow/moo/on a farm/grass/four/calf", "cat/meow/in a house/fish/four/kitten",
        "dog/woof/in a house/meat/four/puppy", "duck/quack/by a pond/bugs and plants/two/duckling",
        "sheep/baa/on a farm/grass/four/lamb", "pig/oink/on a farm/corn/four/piglet",
        "hen/cluck/on a farm/seeds/two/chick", "horse/neigh/on a farm/hay/four/foal",
        "frog/croak/by a pond/flies/four/tadpole", "lion/roar/in a hot land/meat/four/cub",
        "owl/hoot/in the woods/mice/two/owlet", "bear/growl/in the woods/fish and berries/four/cub",
        "mouse/squeak/in a small hole/cheese and seeds/four/pup",
        "goat/bleat/on a farm/leaves and grass/four/kid",
        "wolf/howl/in the woods/meat/four/pup")]),
    "thing": _table(("", "color"), *[w.split("/") for w in (
        "the sky/blue", "grass/green", "the sun/yellow", "snow/white", "milk/white",
        "a banana/yellow", "a lemon/yellow", "a carrot/orange", "a pumpkin/orange",
        "a strawberry/red", "a tomato/red", "a leaf/green", "a frog/green", "coal/black",
        "the night/black", "a cloud/white", "the sea/blue", "an elephant/gray", "chocolate/brown",
        "a pig/pink", "a fire truck/red", "a crow/black")]),
    "maker": _table(("", "make"), *[w.split("/") for w in (
        "a bee/honey", "a cow/milk", "a hen/eggs", "a baker/bread", "a spider/a web",
        "a bird/a nest", "a sheep/wool", "a painter/pictures", "a cook/soup", "a poet/poems",
        "a tailor/clothes", "a potter/pots")]),
    "opp": _table(("", "o"), *[p for a, b in (w.split("/") for w in (
        "hot/cold big/small up/down day/night happy/sad fast/slow wet/dry old/new open/closed "
        "hard/soft high/low loud/quiet full/empty light/dark left/right early/late good/bad "
        "long/short clean/dirty in/out near/far").split()) for p in ((a, b), (b, a))]),
    "use": _table(("", "do", "does"), *[w.split("/") for w in (
        "a cup/drink/drinking", "a bed/sleep/sleeping", "a book/read/reading",
        "a pen/write/writing", "a knife/cut/cutting", "a boat/sail/sailing",
        "a chair/sit/sitting", "a broom/sweep/sweeping", "a spoon/eat/eating",
        "a brush/paint/painting", "a pot/cook/cooking", "a shovel/dig/digging")]),
    "fact": _table(("", "a"), *[w.split("/") for w in (
        "How many days are in a week?/There are seven days in a week.",
        "How many months are in a year?/There are twelve months in a year.",
        "How many wheels does a bike have?/A bike has two wheels.",
        "How many wheels does a car have?/A car has four wheels.",
        "How many legs does a spider have?/A spider has eight legs.",
        "How many fingers are on one hand?/There are five fingers on one hand.",
        "Where do fish live?/Fish live in the water.",
        "Where do birds sleep?/Birds sleep in their nests.",
        "When does the sun rise?/The sun rises in the morning.",
        "When do we see the moon?/We see the moon at night.",
        "What falls from the clouds?/Rain falls from the clouds.",
        "What is ice?/Ice is frozen water.",
        "Where does rain come from?/Rain comes from the clouds.",
        "What do plants need?/Plants need water and light.",
        "What comes after summer?/Autumn comes after summer.",
        "What comes after winter?/Spring comes after winter.",
        "What is the biggest animal?/The blue whale is the biggest animal.",
        "What do we eat in the morning?/We eat breakfast in the morning.",
        "What day comes after Monday?/Tuesday comes after Monday.",
        "What day comes after Friday?/Saturday comes after Friday.",
        "What do we do at night?/We sleep at night.",
        "Where do apples grow?/Apples grow on trees.",
        "Where do carrots grow?/Carrots grow in the ground.",
        "Why do we wear a coat?/We wear a coat to stay warm.",
        "Why do we need an umbrella?/We need an umbrella to stay dry.")]),
    "rare": _words("car,computer,phone,rocket,city,king,lawyer,bank,planet,engine,doctor,movie,"
                   "law,country,language,radio,machine,bridge,game,"
                   "team,camera,guitar,castle,desert,volcano,dragon,robot,museum"),
}

CLASS = {"A": "person", "B": "person", "P": "adult"}

# ---- stories: a plot is a list of paragraphs, a paragraph a list of steps, a step a list of
# ---- sentences of which one is taken; a step that begins with "?" is left out half of the time.

OPEN = ["Once upon a time, there was a~ {trait} {A.kind} named {A}.",
        "Once upon a time, a~ {trait} {A.kind} named {A} lived {home}.",
        "There once was a~ {trait} little {A.kind} called {A}.",
        "Long ago, a little {A.kind} named {A} lived {home}.",
        "{A} was a~ {trait} {A.kind} who lived {home}.",
        "In the {season}, a~ {trait} {A.kind} named {A} came to live {home}."]
LIKES = ["{A} loved to {hobby}.", "Every day, {A.he} liked to {hobby}.",
         "{A.he} loved to {hobby} with {A.his} {P}.", "More than anything, {A} loved to {hobby}."]
DAY = ["One {weather} morning, {A} woke up early.", "It was a~ {weather} day. {weather.line}.",
       "One {weather} day, {A} looked out of the window. {weather.line}.",
       "One {weather} morning, {A} put on {A.his} shoes and opened the door."]
GO = ["{A} went {place.to}.", "{A.he} walked {place.to} and sang a little song.",
      "{A.he} ran all the way {place.to}.", "So {A} took {A.his} bag and walked {place.to}."]
SEES = ["?", "On the way, {A.he} saw a~ {visitor} and {few} butterflies.",
        "A~ {visitor} looked at {A.him} from behind a tree.",
        "{few} birds were singing in a tall tree.",
        "The path was long, but {A} did not mind.", "There were {color2} flowers along the path."]
MEET = ["There {A.he} met {B}, a~ {trait2} {B.kind}.",
        "Soon {A} met a~ {trait2} {B.kind} named {B}.",
        "Then a~ {trait2} {B.kind} named {B} came along.",
        "{A.his} friend {B}, a~ {trait2} {B.kind}, was there."]
HELLO = ["\"Hello, {A},\" said {B}. \"What is wrong?\"", "\"Why are you so {sad}?\" asked {B}.",
         "\"Can I help you?\" asked {B} in a soft voice.", "{B} asked, \"What happened?\""]
OFFER = ["\"Do not worry,\" said {B}. \"I will help you.\"", "\"We can do it together,\" said {B}.",
         "{B} smiled and said, \"Let me help you.\"", "\"I have an idea,\" said {B}."]
THANKS = ["\"Thank you, {B}!\" said {A}. \"You are a good friend.\"",
          "{A} hugged {B} and thanked {B.him}.",
          "\"You are so kind,\" said {A}.",
          "\"I could not have done it without you,\" {A.he} told {B}."]
JOY = ["{A} was very {feel}.", "{A} jumped up and down with joy.",
       "{A} laughed and clapped {A.his} hands.",
       "{A.his} heart was full of joy.", "{A} felt {feel} again."]
EAT = ["?", "Then they sat down and shared some {food.pl}.",
       "{A} gave {B} a~ {food}, and they ate together.",
       "They ate {food.pl} and drank {drink}.",
       "{B} had some {food.pl} in a bag, and they ate them in the shade."]
PLAY = ["?", "They played {place.in} until the sun went down.", "They played all afternoon.",
        "After that, they sang songs and told funny stories.", "They ran and jumped and laughed."]
HOMEWARD = ["In the evening, {A} went home and told {A.his} {P} everything.",
            "When the sun went down, {A} walked home with a smile.",
            "That night, {A.his} {P} gave {A.him} a warm hug.",
            "At home, {A.his} {P} made {drink} for {A.him}."]
PROUD = ["?", "\"I am proud of you,\" said {A.his} {P}.",
         "{A.his} {P} smiled and kissed {A.him} good night.",
         "{A} told {A.his} {P} about {B}.", "\"What a day!\" said {A.his} {P}."]
END = ["From that day on, {A} and {B} were best friends.", "{A} fell asleep with a smile.",
       "{A} knew that a good friend makes every day better.", "They all lived happily ever after.",
       "{A} learned that it is good to help each other.", "And {A} never forgot that day.",
       "{A} closed {A.his} eyes and dreamed of {B}."]
PRE = [OPEN, LIKES]
CLOSE = [HOMEWARD, PROUD, END]
CRY = ["{A} was {sad}.", "{A} sat down and began to cry.", "A big tear ran down {A.his} face.",
       "{A} did not know what to do.", "{A} felt {sad} and alone."]

PLOTS = {
    "lost": [
        PRE + [["{A} had a~ {color} {toy} that {A.he} loved very much.",
                "{A.his} favorite thing was a~ {color} {toy}.",
                "For {A.his} birthday, {A} got a~ {color} {toy} from {A.his} {P}."]],
        [DAY, GO, SEES, ["{A.he} had the {color} {toy} with {A.him}.",
                         "{A.he} took the {color} {toy} along."]],
        [["But when {A} wanted to go home, the {toy} was gone.",
          "Suddenly, {A} could not find the {toy}.",
          "After a while, {A} saw that the {color} {toy} was lost."],
         ["{A.he} looked here and there, but the {toy} was nowhere.",
          "{A.he} looked under every bush, but {A.he} did not find it."], CRY],
        [MEET, HELLO, ["\"I lost my {color} {toy},\" said {A}.",
                       "\"I cannot find my {toy},\" said {A}. \"It is {color}.\""],
         OFFER, ["They looked for the {toy} together.",
                 "{A} and {B} began to look for the {toy}."]],
        [["At last, {B} saw something {color} {spot}.",
          "Then {B} looked {spot} and saw something {color}."],
         ["It was the {toy}!", "\"Here is your {toy}!\" called {B}.",
          "There was the {color} {toy}!"],
         JOY, THANKS, EAT, PLAY],
        CLOSE],
    "stuck": [
        PRE + [["{A} had a new {light}. It was {color}.",
                "{A.his} {P} had made a~ {color} {light} for {A.him}."]],
        [DAY, GO, ["{A} played with the {color} {light}.",
                   "{A.he} ran with the {light} and laughed."], SEES],
        [["Then a strong wind took the {light} away.",
          "All at once, the wind pulled the {light} out of {A.his} hands."],
         ["The {light} flew up and got stuck in a tall tree.",
          "It flew high and landed in a tree."],
         ["{A} jumped, but {A.he} could not reach it.", "The tree was too tall for {A}."], CRY],
        [MEET, HELLO, ["\"My {light} is stuck in the tree,\" said {A}.",
                       "{A} pointed to the {color} {light} in the tree."],
         OFFER],
        [["{B} found a long stick and pushed the {light}.",
          "{B} climbed up the tree, step by step.",
          "{A} stood on a big rock, and {B} held {A.him}.", "{B} went to get a ladder."],
         ["Soon the {light} fell down into the grass.",
          "At last, {A} had the {light} in {A.his} hands again."],
         JOY, THANKS, EAT, PLAY],
        CLOSE],
    "hungry": [
        PRE + [["One day, {A.his} {P} gave {A.him} a basket of {food.pl}.",
                "{A} had {few} {food.pl} in a~ {color} basket.",
                "{A.his} {P} baked all morning and gave {A.him} some {food.pl}."]],
        [DAY, GO, SEES, ["{A.he} wanted to eat the {food.pl} under a tree.",
                         "{A.he} sat down to eat {A.his} lunch."]],
        [["Then {A.he} saw {B}, a~ {trait2} {B.kind}.",
          "Near {A.him} sat a~ {trait2} {B.kind} named {B}."],
         ["{B} looked very {sad}.", "{B} was thin and {sad}."],
         ["\"What is wrong?\" asked {A}.", "\"Are you all right?\" asked {A}."],
         ["\"I am hungry,\" said {B}. \"I have not eaten all day.\"",
          "\"I have no food,\" said {B}. \"I am so hungry.\""]],
        [["{A} thought about it for a moment.", "{A} looked at the {food.pl}."],
         ["Then {A.he} gave half of the {food.pl} to {B}.",
          "\"You can have some of my {food.pl},\" said {A}.",
          "{A.he} smiled and gave {B} the biggest {food}."],
         ["{B} ate and ate.", "{B} ate the {food} and smiled.",
          "\"This is the best {food} in the world!\" said {B}."],
         ["\"Thank you, {A},\" said {B}. \"You are very kind.\"",
          "{B} thanked {A} again and again."]],
        [["The next day, {B} came back with a~ {color} {toy}.",
          "Later, {B} gave {A} a~ {color} {toy}."],
         ["\"This is for you,\" {B.he} said.", "\"It is a gift for a good friend,\" said {B}."],
         JOY, PLAY],
        CLOSE],
    "storm": [
        PRE + [["{A} wanted to visit {A.his} {P}, who lived far away.",
                "{A} wanted to see the world."]],
        [["One morning, {A} packed some {food.pl} and a~ {color} blanket.",
          "One day, {A} put some {food.pl} in a bag and said goodbye."], GO, SEES],
        [["Then dark clouds came, and it began to rain.",
          "Soon the sky turned dark, and big drops fell."],
         ["There was thunder and lightning.", "The wind was loud, and the rain was cold."],
         ["{A} was wet and cold.", "{A} was afraid of the thunder.",
          "{A} looked for a dry place, but there was none."]],
        [["Just then, {A} saw a small light.", "Far away, {A.he} saw a light in a window."],
         ["{A.he} knocked on the door. It was the home of {B}, a~ {trait2} {B.kind}.",
          "It came from the house of a~ {trait2} {B.kind} named {B}."],
         ["\"Come in,\" said {B}. \"It is warm and dry here.\"",
          "\"You are all wet!\" said {B}. \"Please come in.\""]],
        [["{B} gave {A} a~ {color} towel and some {drink}.",
          "{B} made a fire and gave {A} some {drink}."],
         ["{A} shared {A.his} {food.pl} with {B}.", "They ate the {food.pl} by the fire."],
         ["They listened to the rain and told stories.",
          "They played games until the storm was over."],
         ["At last, the rain stopped.", "In the end, the sun came out again."],
         ["A rainbow stood over the hill.", "The world was fresh and bright."], THANKS],
        CLOSE],
    "broken": [
        PRE + [["{A} had a~ {color} {machine}.", "{A.his} {P} gave {A.him} a~ {color} {machine}."],
               ["It was the best {machine} in the world.", "{A} played with it every day."]],
        [DAY, ["{A} carried the {machine} {place.to}.",
               "{A.he} took the {color} {machine} {place.to}."], SEES,
         ["But {A.he} tripped over a stone and fell.",
          "But {A.he} was not careful and dropped it."],
         ["The {machine} broke into {few} parts.",
          "There was a loud crack, and the {machine} was broken."], CRY],
        [MEET, HELLO, ["\"My {machine} is broken,\" said {A}.",
                       "{A} showed {B} the broken {machine}."],
         OFFER],
        [["{B} got some glue and a little hammer.", "{B} had a box full of tools.",
          "{B} took out some string and a nail."],
         ["They worked for a long time.",
          "First they cleaned every part, and then they put them together.",
          "{A} held the parts while {B} worked."],
         ["It was not easy, but they did not give up.", "\"We are almost done,\" said {B}."],
         ["At last, the {machine} was as good as new.", "Then the {color} {machine} worked again."],
         JOY, THANKS, EAT, PLAY],
        CLOSE],
    "birthday": [
        PRE + [["{A} had a good friend, a~ {trait2} {B.kind} named {B}.",
                "{A.his} best friend was {B}, a~ {trait2} {B.kind}."]],
        [["Tomorrow was the birthday of {B}.", "It was almost the birthday of {B}."],
         ["{A} wanted to make a cake for {B}.", "\"I will bake a cake,\" said {A}."],
         ["But {A.he} did not know how to bake.", "But there was no sugar in the house.",
          "{A.he} had never made a cake before."]],
        [["So {A} asked {A.his} {P} for help.", "{A.his} {P} said, \"I will show you.\""],
         ["They mixed flour, eggs, and milk in a~ {color} bowl.",
          "They put flour and butter into a~ {color} bowl."],
         ["{A} put {few} {food.pl} on top.", "Then they added some {food.pl}."],
         ["Soon the whole house smelled sweet.",
          "The cake came out of the oven, and it smelled so good."]],
        [DAY, ["{A} carried the cake to {B}.", "{A} took the cake and a~ {color2} {toy} to {B}."],
         ["\"Happy birthday, {B}!\" called {A}.",
          "\"This is for you,\" said {A}. \"Happy birthday!\""],
         ["{B} could not believe {B.his} eyes.",
          "{B} was so surprised that {B.he} could not speak."],
         ["\"This is the best birthday ever,\" said {B}.",
          "\"Thank you, {A}!\" said {B}. \"It is a wonderful cake.\""]],
        [["They ate the cake and drank {drink}.", "They lit {few} candles and sang a song."],
         ["There were games and music, too.", "They danced around the table."], PLAY],
        CLOSE],
    "island": [
        PRE + [["{A} had a little {color} {craft}.",
                "{A} and {A.his} {P} built a~ {color} {craft}."]],
        [DAY, ["{A} and {B}, a~ {trait2} {B.kind}, got into the {craft}.",
               "{A} asked {A.his} friend {B}, a~ {trait2} {B.kind}, to come along."],
         ["They took some {food.pl} and some {drink}.",
          "They packed {few} {food.pl} for the trip."]],
        [["The water was calm, and the {craft} moved along.",
          "The {color} {craft} went over the waves."],
         ["{A} saw {few} fish in the water.", "A~ {visitor} flew over the {craft}.",
          "They sang a song about the sea."],
         ["\"Look!\" called {B}. \"I see an island!\"", "Then {B} pointed to a small island."]],
        [["On the island, they found {isle}.", "They walked across the island and found {isle}."],
         ["\"It is so beautiful here,\" said {A}.", "They had never seen such a thing before."],
         ["They ate the {food.pl} and rested.", "They swam and played in the sand."],
         ["But when they came back, the {craft} was gone.",
          "Then they saw that the {craft} was far from the shore."],
         CRY],
        [["\"Do not be afraid,\" said {B}. \"I have an idea.\"",
          "\"We must stay calm,\" said {B}."],
         ["{B} swam to the {craft} and pulled it back.",
          "They took a long rope and pulled the {craft} back."],
         JOY, THANKS],
        [["They sailed home under the stars.", "They came home just before dark."], PROUD, END]],
    "baby": [
        PRE,
        [DAY, GO, SEES, ["Then {A.he} heard a soft cry {spot}.",
                         "{A.he} heard a tiny voice {spot}."],
         ["It was a~ {color} {small}.", "There sat a~ {color} {small}, all alone."]],
        [["\"Are you lost?\" asked {A}.", "\"Where is your mother?\" asked {A}."],
         ["\"Yes,\" said the {small}. \"I want to go home.\"",
          "\"I do not know,\" said the {small}. \"I am lost.\""],
         ["The {small} was cold and hungry.", "The little {small} began to cry."],
         ["{A} gave the {small} some {food.pl}.", "{A} put a warm scarf around the {small}."]],
        [MEET, ["\"Have you seen the mother of this {small}?\" asked {A}.",
                "{A} told {B} about the {small}."],
         ["\"No, but I will help you,\" said {B}.",
          "\"Yes, I saw her by the old mill,\" said {B}."],
         ["They walked and walked.", "They asked a~ {visitor2}, but it did not know."],
         ["At last, they heard a mother call.", "Then they saw a nest with a worried mother."]],
        [["The {small} ran to its mother.", "\"Mother!\" cried the {small}."],
         ["\"Thank you for finding my baby,\" said the mother.",
          "The mother was so happy that she cried."],
         JOY, EAT, PLAY],
        CLOSE],
    "dark": [
        PRE + [["But {A} was afraid of the dark.",
                "There was only one problem. {A} was afraid of the dark."]],
        [["One night, {A} was in bed.", "It was late, and the moon was behind the clouds."],
         ["Suddenly, there was a~ {noise}.", "Then {A.he} heard a~ {noise} in the dark."],
         ["{A} pulled the {color} blanket over {A.his} head.", "{A.his} heart beat fast."],
         ["\"Who is there?\" asked {A}, but there was no answer.", "{A.he} did not dare to move."]],
        [["Then {B}, a~ {trait2} {B.kind}, looked in at the door.",
          "{A.his} friend {B}, a~ {trait2} {B.kind}, woke up, too."],
         ["\"I heard a~ {noise},\" said {A}.", "\"There is something in the dark,\" said {A}."],
         ["\"Let us find out what it is,\" said {B}.", "\"We will look together,\" said {B}."],
         ["{B} took a~ {color2} lamp and held the hand of {A}.",
          "They lit a~ {color2} lamp and went to look."]],
        [["Step by step, they came closer.", "The floor was cold under their feet."],
         ["There was the {noise} again!", "They heard the {noise} once more."],
         ["But it was only {noise.cause}.", "Then they saw it. It was only {noise.cause}."],
         ["{A} began to laugh.", "They laughed and laughed."], THANKS],
        [["{A.his} {P} heard them and made some {drink}.", "After that, they drank some {drink}."],
         ["\"The dark is not so bad,\" said {A}.", "\"Now I am not afraid,\" said {A}."],
         ["They looked at the stars for a long time.", "The moon came out and smiled at them."],
         ["{A} was not afraid of the dark anymore.", "{A} fell asleep with a smile.",
          "From that night on, {A} slept very well."]]],
    "seed": [
        PRE + [["One day, {A.his} {P} gave {A.him} a tiny seed.",
                "One day, {A} found a tiny seed {spot}."]],
        [["{A} dug a hole and put the seed in the ground.",
          "{A} planted the seed in a~ {color} pot."],
         ["Every morning, {A.he} gave it some water.", "{A.he} gave it water and waited."],
         ["But nothing happened.", "Day after day, nothing came up."], CRY],
        [MEET, HELLO, ["\"My seed does not grow,\" said {A}.",
                       "\"I planted a seed, but it is asleep,\" said {A}."],
         ["\"A seed needs time,\" said {B}. \"You must wait.\"",
          "\"Give it sun and water,\" said {B}, \"and sing to it.\""]],
        [["So {A} waited and sang a little song.", "{A} and {B} came to the seed every day."],
         ["It rained, and the sun came out again.", "Then came {few} warm days."],
         ["One morning, there was something green.",
          "One {weather} morning, a small green leaf looked out."],
         ["\"Look, {B}!\" called {A}. \"It is growing!\"", "{A} could not believe {A.his} eyes."]],
        [["The plant grew and grew.", "It grew as tall as {A}."], ["It was a~ {flower}!",
         "At last, it was a beautiful {flower}."],
         JOY, THANKS, ["A~ {visitor} came to look at the {flower}.",
                       "Everyone came to see the {flower}."], EAT],
        CLOSE],
    "treasure": [
        PRE,
        [DAY, ["{A} found an old map {spot}.", "{A.he} found a map in an old {color} book."],
         ["There was a big cross on the map.", "The map showed the way to a treasure."],
         ["{A} showed it to {B}, a~ {trait2} {B.kind}.",
          "{A} ran to {B}, a~ {trait2} {B.kind}, and showed the map."],
         ["\"Let us find the treasure!\" said {B}.",
          "\"A treasure!\" said {B}. \"We must find it.\""]],
        [["The map led them {place.to}.", "They followed the map {place.to}."],
         ["They took {few} steps to the left.",
          "They went past a tall tree and over a little bridge."],
         ["They asked a~ {visitor} for the way.", "It was a long way, and they were tired."],
         ["\"I think we are lost,\" said {A}.", "\"I cannot see the cross,\" said {A}."]],
        [["But {B} did not give up.", "\"Let us try once more,\" said {B}."],
         ["They looked at the map again.", "{B} turned the map around."],
         ["Then they saw a big cross on a stone.", "There was a cross on an old tree."],
         ["They began to dig.", "{A} took a stick and dug a deep hole."],
         ["Soon they found a~ {color2} box.", "Under the ground was a~ {color2} box."]],
        [["{A} opened it. It was full of {treasure}!",
          "In the {color2} box, there were {treasure}."],
         JOY, ["\"Half of it is yours,\" said {A}.", "They shared the {treasure}.",
               "{A} gave half of the {treasure} to {B}."],
         EAT, PLAY],
        CLOSE],
    "learn": [
        PRE + [["But {A} could not {skill}.", "{A} wanted to learn to {skill}."]],
        [DAY, GO, SEES, ["{A.he} tried to {skill}, but it did not work.",
                         "{A.he} tried to {skill} all morning."],
         ["\"I will never learn it,\" said {A}.", "\"It is too hard,\" said {A}."], CRY],
        [MEET, ["\"I can {skill},\" said {B}. \"I will teach you.\"", "{B} was very good at it."],
         ["\"Try again,\" said {B}, \"and do not hurry.\"", "\"First, watch me,\" said {B}."],
         ["{A} watched {B} and listened.", "{A} nodded and tried again."]],
        [["The first time, {A.he} fell down.", "At first, it went wrong."],
         ["The second time, it was a little better.", "{A.he} tried again and again."],
         ["\"Do not give up,\" said {B}.", "\"You are doing well,\" said {B}."],
         ["They practiced for {few} days.", "Day after day, {A} and {B} practiced together."]],
        [["Then, one morning, {A} could {skill}!", "At last, {A} could {skill} all alone."],
         ["\"I can do it!\" called {A}.", "\"Look at me!\" called {A}."], JOY, THANKS, EAT, PLAY],
        CLOSE],
    "race": [
        PRE,
        [DAY, ["There was a big race {place.in}.", "All the friends came {place.to} for a race."],
         ["The prize was a~ {color} {toy}.", "The winner would get a~ {color} {toy}."],
         ["{A} wanted to win it.", "{A} was ready to run."], MEET,
         ["\"I will win,\" said {B}.", "\"Good luck,\" said {B}."]],
        [["\"One, two, three, go!\" called {A.his} {P}.", "A bell rang, and the race began."],
         ["{A} ran as fast as {A.he} could.", "They ran over the grass and past the trees."],
         ["{B} was the first, and {A} was right behind.", "Soon {A} was ahead of everyone."]],
        [["Then {B} fell and hurt {B.his} foot.", "Suddenly, {B} tripped over a stone and cried."],
         ["{A} could win the race now.", "Everyone else ran on."],
         ["But {A} stopped and went back.", "{A} turned around and ran to {B}."],
         ["\"Are you hurt?\" asked {A}.", "\"Take my hand,\" said {A}."],
         ["They walked to the end together.", "{A} helped {B} to walk, and they came in last."]],
        [["\"You lost the race because of me,\" said {B}.",
          "\"I am sorry,\" said {B}. \"You did not win.\""],
         ["\"You are more important than a~ {toy},\" said {A}.",
          "\"That does not matter,\" said {A}."],
         ["Everyone clapped for {A}.", "In the end, they gave the {color} {toy} to {A}."],
         JOY, EAT, PLAY],
        CLOSE],
    "snow": [
        PRE,
        [["One winter morning, everything was white.", "It had snowed all night."],
         ["{A} put on a~ {color} coat and ran outside.", "{A} took a~ {color} scarf and went out."],
         ["The snow was deep and soft.", "The air was cold and clear."], GO],
        [["{A} wanted to build a~ {snow}.", "\"I will build a~ {snow},\" said {A}."],
         ["But the snow was too heavy for {A.him}.", "But {A.he} could not do it alone."],
         CRY, MEET, OFFER],
        [["They rolled the snow and made it round.", "They carried snow all morning."],
         ["{A} used {few} stones and a carrot.", "{B} put a~ {color2} hat on top."],
         ["Soon they had a big {snow}.", "At last, the {snow} was ready."],
         ["\"It is the best {snow} in the world,\" said {B}.",
          "A~ {visitor} came and looked at the {snow}."], JOY],
        [["Their hands were cold, so they went inside.", "Soon they were cold and tired."],
         ["{A.his} {P} gave them some {drink}.",
          "{A.his} {P} made {drink} and {food.pl} for them."],
         ["They sat by the fire and looked out.", "From the window, they could see the {snow}."],
         THANKS],
        [["That night, more snow fell.", "In the evening, the moon was bright."], PROUD, END]],
}

# Which value of the story a request may name, and what may be asked about it afterwards.
ABOUT = {"lost": "toy", "stuck": "light", "hungry": "food", "storm": None, "broken": "machine",
         "birthday": None, "island": "craft", "baby": "small", "dark": "noise", "seed": "flower",
         "treasure": None, "learn": None, "race": None, "snow": "snow"}
AFTER = {
    "lost": [("What did {A} lose?", "{A} lost a~ {color} {toy}."),
             ("Where was the {toy}?", "The {toy} was {spot}.")],
    "stuck": [("What got stuck in the tree?", "The {color} {light} got stuck in the tree."),
              ("What color was the {light}?", "The {light} was {color}.")],
    "hungry": [("What did {A} give to {B}?", "{A} gave some {food.pl} to {B}."),
               ("Who was hungry?", "{B} was hungry.")],
    "storm": [("Who helped {A}?", "{B} helped {A}.")],
    "broken": [("What was broken?", "The {color} {machine} was broken."), ("Who helped {A}?",
                                                                           "{B} helped {A}.")],
    "birthday": [("What did {A} make?", "{A} made a cake for {B}.")],
    "island": [("What did they find on the island?", "They found {isle}."),
               ("What color was the {craft}?", "The {craft} was {color}.")],
    "baby": [("Who was lost?", "The {small} was lost."), ("Who helped {A}?", "{B} helped {A}.")],
    "dark": [("What was {A} afraid of?", "{A} was afraid of the dark."),
             ("What made the {noise}?", "It was only {noise.cause}.")],
    "seed": [("What grew from the seed?", "A~ {flower} grew from the seed.")],
    "treasure": [("What was the treasure?", "The treasure was {treasure}.")],
    "learn": [("What did {A} learn?", "{A} learned to {skill}."),
              ("Who helped {A}?", "{B} helped {A}.")],
    "race": [("Who fell in the race?", "{B} fell in the race."),
             ("What was the prize?", "The prize was a~ {color} {toy}.")],
    "snow": [("What did they build?", "They built a~ {snow}."),
             ("Who helped {A}?", "{B} helped {A}.")],
}
WHO = [("Who was the story about?", "The story was about a~ {A.kind} named {A}."),
       ("What was the name of the {A.kind}?", "The name of the {A.kind} was {A}."),
       ("Who was {B}?", "{B} was a~ {trait2} {B.kind}."),
       ("What is the name of the friend?", "The name of the friend is {B}.")]
ASK_KIND = ["Write a story about a~ {A.kind}.", "Tell me a story about a~ {A.kind}.",
            "Tell me a story about a~ {A.kind} named {A}.",
            "Write a short story about {A} the {A.kind}.",
            "Can you tell me a story about a~ {A.kind}?",
            "Please tell me about a~ {A.kind} and a~ {B.kind}.",
            "Write a story about a~ {A.kind} and a~ {B.kind}.",
            "I want a story about a~ {trait} {A.kind}."]
ASK_THING = ["Tell me a story with a~ {@} and a~ {A.kind}.",
             "Write a story about a~ {A.kind} and a~ {@}.",
             "Tell me a story about a~ {@}.", "Write a story about a~ {@}."]
ASK_ANY = ["Tell me a story.", "Write a story.", "Can you tell me a story?",
           "Please tell me a short story.",
           "Tell me another story.", "I want to hear a story."]
SHORT = {  # the short story in an answer: paragraphs of the long one, by index
    "lost": (0, 2, 3, 4), "stuck": (0, 2, 3, 4), "hungry": (0, 2, 3), "storm": (0, 2, 3, 4),
    "broken": (0, 1, 2, 3), "birthday": (0, 1, 2, 3), "island": (0, 1, 2, 3, 4),
    "baby": (0, 1, 2, 3, 4),
    "dark": (0, 1, 2, 3), "seed": (0, 1, 2, 3, 4), "treasure": (0, 1, 2, 3, 4),
    "learn": (0, 1, 2, 4),
    "race": (0, 1, 2, 3), "snow": (0, 1, 2, 3)}

# ---- questions with answers; every entry is (questions, answers); slots are shared in the pair.
QA = [
    (["What color is {thing}?", "Which color is {thing}?",
      "Can you tell me what color {thing} is?"],
     ["{thing} is {thing.color}.", "The color is {thing.color}.",
      "{thing} is {thing.color}. It is a nice color."]),
    (["What does {maker} make?", "What is made by {maker}?", "Tell me what {maker} makes."],
     ["{maker} makes {maker.make}."]),
    (["What does a~ {animal} say?", "Which sound does a~ {animal} make?",
      "How does a~ {animal} sound?"],
     ["A~ {animal} says {animal.say}.", "The {animal} says {animal.say}."]),
    (["Where does a~ {animal} live?", "Where can I find a~ {animal}?"],
     ["A~ {animal} lives {animal.live}."]),
    (["What does a~ {animal} eat?", "What do you give a~ {animal} to eat?"],
     ["A~ {animal} eats {animal.eat}."]),
    (["How many legs does a~ {animal} have?"], ["A~ {animal} has {animal.legs} legs."]),
    (["What is a baby {animal} called?"], ["A baby {animal} is called a~ {animal.baby}."]),
    (["What is a~ {animal}?", "Tell me about a~ {animal}.", "Tell me about the {animal}."],
     ["A~ {animal} is an animal. It lives {animal.live} and eats {animal.eat}. "
      "It says {animal.say}.",
      "A~ {animal} is an animal with {animal.legs} legs. It says {animal.say}."]),
    (["What is the opposite of {opp}?", "Tell me the opposite of {opp}."],
     ["The opposite of {opp} is {opp.o}."]),
    (["What comes after {num}?", "Which number comes after {num}?"],
     ["{num.next} comes after {num}."]),
    (["What comes before {num}?", "Which number comes before {num}?"],
     ["{num.prev} comes before {num}."]),
    (["What is {sum} and {sum.b}?", "What is {sum} plus {sum.b}?",
      "How much is {sum} and {sum.b}?"],
     ["{sum} and {sum.b} make {sum.c}.", "That makes {sum.c}."]),
    (["Can you count to three?", "Count to three."], ["One, two, three."]),
    (["Can you count to five?", "Count to five."], ["One, two, three, four, five."]),
    (["Can you count to ten?", "Count to ten.", "Please count from one to ten."],
     ["One, two, three, four, five, six, seven, eight, nine, ten."]),
    (["What is {use} for?", "What do we do with {use}?", "What can I do with {use}?"],
     ["{use} is for {use.does}.", "You can {use.do} with {use}."]),
    (["{fact}"], ["{fact.a}"]), (["{fact}"], ["{fact.a}"]), (["{fact}"], ["{fact.a}"]),
    (["Hello!", "Hi!", "Hello.", "Hi there.", "Good morning.", "Good morning!"],
     ["Hello! How can I help you?", "Hello! Do you want to hear a story?",
      "Hi! It is nice to meet you."]),
    (["How are you?", "How are you today?"], ["I am fine, thank you.", "I am well. How are you?"]),
    (["Who are you?", "What are you?", "Tell me about you.", "Tell me about yourself."],
     ["I am a small language model. I like to tell stories.",
      "I am a very small model, and I know simple English."]),
    (["What is your name?", "Do you have a name?"],
     ["I have no name. I am a small language model."]),
    (["What can you do?", "How can you help me?", "What do you know?"],
     ["I can tell stories and answer simple questions.", "I can tell you a story. Just ask me."]),
    (["Can you help me?", "Please help me."], ["Yes, I will try. What do you need?"]),
    (["Thank you.", "Thank you!", "Thanks!", "That was nice.", "I liked it."],
     ["You are welcome!", "You are welcome. I am glad to help."]),
    (["Goodbye.", "Goodbye!", "Bye!", "Good night.", "See you later."],
     ["Goodbye! Have a nice day.", "Goodbye! Come back soon."]),
    (["My name is {A}.", "I am {A}.", "Hello, my name is {A}.", "Hi, I am {A}."],
     ["Hello, {A}! It is nice to meet you.", "Hi, {A}! How can I help you?"]),
    (["I am {sad}.", "I feel {sad} today.", "I am so {sad}."],
     ["I am sorry that you are {sad}. A story may help you.",
      "Do not worry. Talk to a good friend."]),
    (["I am {feel}.", "I feel {feel} today."], ["That is good. I am glad that you are {feel}."]),
    (["I am hungry."], ["You can eat a~ {food}.", "Then you can eat some {food.pl}."]),
    (["I am thirsty."], ["You can drink some {drink}."]),
    (["I am tired."], ["Then you can go to bed and sleep."]),
    (["I am cold."], ["Put on a warm coat.", "You can drink some hot tea and put on a warm coat."]),
    (["Do you like {food.pl}?"], ["I cannot eat, but many people like {food.pl}."]),
    (["Do you like the {season}?"], ["Yes, the {season} is a nice time of the year."]),
    (["Can you {skill}?"], ["No, I cannot {skill}. I can only tell stories."]),
    (["What is a~ {rare}?", "Tell me about a~ {rare}.", "How does a~ {rare} work?",
      "What do you know about a~ {rare}?"],
     ["I do not know much about that. I only know simple things.",
      "I am sorry, but I do not know that."]),
]


def all_templates():
    """Every template string of the language, in a fixed order."""
    out = []
    for paragraphs in PLOTS.values():
        for paragraph in paragraphs:
            for step in paragraph:
                out += [t for t in step if t != "?"]
    pairs = [p for ps in AFTER.values() for p in ps] + WHO
    out += [t for pair in pairs for t in pair] + ASK_KIND + ASK_ANY
    out += [t.replace("@", w) for w in ABOUT.values() if w for t in ASK_THING]
    for questions, answers in QA:
        out += questions + answers
    return list(dict.fromkeys(out))
