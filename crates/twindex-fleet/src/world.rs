//! The world that the devices stand in: customers, their sites, firmware.

use crate::dice::{Dice, Stream, Zipf};
use crate::text::{push_int, push_padded};

/// Number of customers.
pub(crate) const N_CUSTOMERS: u64 = 1000;

/// The largest customers by name; the others are numbered.
const CUSTOMERS: [&str; 12] = [
    "aurora-foods",
    "bluepeak",
    "cobalt-rail",
    "delta-works",
    "evergreen-mills",
    "foxglove-health",
    "granite-bank",
    "harbor-logistics",
    "ironbridge",
    "juniper-hotels",
    "kestrel-air",
    "lumen-retail",
];

/// Firmware versions, the most frequent first.
pub(crate) const FIRMWARES: [&str; 24] = [
    "4.2.1",
    "4.2.0",
    "4.1.3",
    "4.1.2",
    "4.0.9",
    "3.9.4",
    "4.3.0",
    "3.9.1",
    "3.8.0",
    "4.1.0",
    "3.7.2",
    "4.0.1",
    "3.6.5",
    "3.5.0",
    "4.3.0-rc.2",
    "3.2.1",
    "2.9.8",
    "3.0.0",
    "2.9.0",
    "2.4.7",
    "4.4.0-beta.1",
    "2.1.3",
    "1.9.9",
    "1.0.0",
];

/// A city: code, region, country, latitude and longitude in 1/100,000 degree.
type City = (&'static str, &'static str, &'static str, i64, i64);

const CITIES: [City; 20] = [
    ("SEA", "US", "US", 4_760_621, -12_233_207),
    ("DEN", "US", "US", 3_973_923, -10_499_025),
    ("CHI", "US", "US", 4_187_811, -8_762_979),
    ("NYC", "US", "US", 4_071_427, -7_400_597),
    ("ATL", "US", "US", 3_374_899, -8_438_798),
    ("YYZ", "CA", "CA", 4_365_107, -7_934_701),
    ("MEX", "LATAM", "MX", 1_943_260, -9_913_320),
    ("GRU", "LATAM", "BR", -2_355_052, -4_663_331),
    ("LHR", "EU", "GB", 5_150_735, -12_776),
    ("AMS", "EU", "NL", 5_236_757, 490_414),
    ("FRA", "EU", "DE", 5_011_092, 868_213),
    ("MUC", "EU", "DE", 4_813_513, 1_158_198),
    ("CDG", "EU", "FR", 4_885_661, 235_222),
    ("WAW", "EU", "PL", 5_222_968, 2_101_223),
    ("JNB", "MEA", "ZA", -2_620_410, 2_804_731),
    ("DXB", "MEA", "AE", 2_520_485, 5_527_078),
    ("BOM", "APAC", "IN", 1_907_598, 7_287_766),
    ("SIN", "APAC", "SG", 135_208, 10_381_984),
    ("NRT", "APAC", "JP", 3_567_620, 13_965_031),
    ("SYD", "APAC", "AU", -3_386_882, 15_120_930),
];

/// What all twins of a fleet share.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) customers: Zipf,
    pub(crate) firmwares: Zipf,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let firmwares = Zipf::new(FIRMWARES.len() as u64);
        Self { seed, customers: Zipf::new(N_CUSTOMERS), firmwares }
    }

    /// A site of a customer. The larger a customer, the more sites.
    pub(crate) fn site(&self, customer: usize, dice: &mut Dice) -> Site {
        let number = dice.skewed(1 + 60 / (customer as u64 + 2));
        let key = customer as u64 * 64 + number;
        let mut site = Dice::new(self.seed, Stream::Site, key);
        let city = &CITIES[site.skewed(CITIES.len() as u64) as usize];
        let scatter = |site: &mut Dice| site.below(40_000) as i64 - 20_000;
        let (latitude, longitude) = (city.3 + scatter(&mut site), city.4 + scatter(&mut site));
        let (n_buildings, n_floors) = (1 + site.skewed(8), 1 + site.skewed(30));
        Site { city, customer, number, latitude, longitude, n_buildings, n_floors }
    }
}

/// A place of a customer with buildings.
pub(crate) struct Site {
    city: &'static City,
    customer: usize,
    number: u64,
    /// In 1/100,000 degree.
    pub(crate) latitude: i64,
    /// In 1/100,000 degree.
    pub(crate) longitude: i64,
    pub(crate) n_buildings: u64,
    pub(crate) n_floors: u64,
}

impl Site {
    pub(crate) fn region(&self) -> &'static str {
        self.city.1
    }

    pub(crate) fn country(&self) -> &'static str {
        self.city.2
    }

    /// Appends the site's name, such as `AMS-017-2`.
    pub(crate) fn push_name(&self, out: &mut String) {
        out.push_str(self.city.0);
        out.push('-');
        push_padded(out, self.customer as u64, 3);
        out.push('-');
        push_int(out, self.number);
    }
}

/// Appends a customer's name.
pub(crate) fn push_customer(out: &mut String, customer: usize) {
    match CUSTOMERS.get(customer) {
        Some(name) => out.push_str(name),
        None => {
            out.push_str("customer-");
            push_padded(out, customer as u64, 3);
        }
    }
}
