"""The words the simulated floor is made of: people, companies, products, teams.

Its numbers are possible ones, so that they tie to customers, but nothing ever dials them.
"""

# Team, manager, zone, country calling prefix of its customers. Follow-the-sun: some team is at
# work at any hour of a weekday, so the board lives whenever somebody starts the demo.
TEAMS = (
    ("Rockies", "Marisol Vega", "America/Denver", "+1 303 555 "),
    ("Prairie", "Tom Lindqvist", "America/Denver", "+1 402 555 "),
    ("Thames", "Priscilla Osei", "Europe/London", "+44 20 7946 "),
    ("Mersey", "Callum Reid", "Europe/London", "+44 151 496 "),
    ("Deccan", "Anjali Rao", "Asia/Kolkata", "+91 22 2555 "),
    ("Harbour", "Noah Williams", "Australia/Sydney", "+61 2 5550 "),
)

FIRST = (
    "Ada", "Amir", "Anna", "Arjun", "Bea", "Ben", "Bruno", "Carla", "Chen", "Clara", "Dana",
    "Darius", "Diego", "Ebele", "Elena", "Eli", "Emeka", "Esther", "Farah", "Finn", "Freya",
    "Gita", "Grace", "Hana", "Hugo", "Ines", "Isaac", "Ivy", "Jamal", "Jia", "Jonas", "Juno",
    "Kai", "Kavya", "Kofi", "Lars", "Leila", "Leo", "Lucia", "Maeve", "Malik", "Mateo", "Mina",
    "Nadia", "Neel", "Nina", "Omar", "Orla", "Paulo", "Petra", "Quinn", "Rhea", "Rosa", "Ruben",
    "Sanjay", "Selma", "Sofia", "Stefan", "Tariq", "Tess", "Uma", "Vera", "Viktor", "Wren",
    "Yara", "Yusuf", "Zane", "Zoe",
)  # fmt: skip

LAST = (
    "Abara", "Aoki", "Baptiste", "Berg", "Bianchi", "Boateng", "Carver", "Castro", "Chandra",
    "Cohen", "Dlamini", "Doyle", "Eriksen", "Farouk", "Ferrer", "Fischer", "Gallagher", "Gupta",
    "Haddad", "Hale", "Ibarra", "Iqbal", "Jensen", "Joshi", "Kaur", "Kim", "Kowalski", "Lange",
    "Lopes", "Mahlangu", "Marsh", "Mbeki", "Menon", "Moreau", "Nakata", "Novak", "O’Neill",
    "Okafor", "Olsen", "Park", "Patel", "Pereira", "Quist", "Rahman", "Reyes", "Rossi", "Sato",
    "Schmidt", "Silva", "Singh", "Tanaka", "Thorne", "Tran", "Ueda", "Varga", "Walsh", "Weber",
    "Yilmaz", "Young", "Zhang",
)  # fmt: skip

COMPANY = (
    "Alder", "Anchor", "Beacon", "Birch", "Bluff", "Cedar", "Cobalt", "Copper", "Crest", "Delta",
    "Ember", "Fern", "Flint", "Garnet", "Granite", "Hazel", "Heron", "Indigo", "Juniper", "Kestrel",
    "Lark", "Linden", "Maple", "Meridian", "North", "Oak", "Onyx", "Orchard", "Pine", "Quarry",
    "Raven", "River", "Sable", "Slate", "Summit", "Tern", "Thistle", "Umber", "Vale", "Willow",
)  # fmt: skip

TRADE = (
    "Bakery", "Builders", "Clinics", "Dental", "Design", "Electric", "Farms", "Fitness",
    "Freight", "Gardens", "Hardware", "Hotels", "Kitchens", "Labs", "Law", "Logistics", "Motors",
    "Optics", "Plumbing", "Press", "Rentals", "Schools", "Studios", "Supply", "Textiles", "Tools",
    "Travel", "Vets",
)  # fmt: skip

# sku, kind, list price in dollars, unit cost (None: nobody told us)
PRODUCTS = (
    ("DESK-01", "goods", 420, 255), ("DESK-02", "goods", 690, 430),
    ("CHAIR-01", "goods", 189, 97), ("CHAIR-02", "goods", 349, 190),
    ("LAMP-01", "goods", 59, 22), ("MONITOR-24", "goods", 210, 158),
    ("MONITOR-27", "goods", 310, 236), ("DOCK-01", "goods", 145, 88),
    ("HEADSET-01", "goods", 79, 38), ("HEADSET-02", "goods", 169, 84),
    ("CABINET-01", "goods", 260, None), ("PANEL-01", "goods", 130, None),
    ("BOARD-01", "goods", 240, 119), ("SAFE-01", "goods", 515, 349),
    ("SETUP", "service", 180, 95), ("CARE-12", "service", 240, None),
)  # fmt: skip
