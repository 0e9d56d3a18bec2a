//! The demo's small world: people, their orders and what can be searched, as v1 and as v2 would tell it.
//!
//! Promises: the answer to an id or a query never changes; v2 differs from v1 only by what `planted.rs` lists.

use serde_json::{Value, json};

use super::{
    Version,
    chance::{mixed, pick},
    planted::MISSING_EVERY,
};

const FIRST_NAMES: &[&str] =
    &["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Tony", "Frances", "Ken"];
const LAST_NAMES: &[&str] =
    &["Berg", "Okafor", "Silva", "Novak", "Tanaka", "Moreau", "Jansen", "Kaya", "Rossi", "Lind"];
const CITIES: &[(&str, &str)] =
    &[("Rotterdam", "NL"), ("Porto", "PT"), ("Graz", "AT"), ("Lyon", "FR"), ("Turku", "FI"), ("Brno", "CZ")];
const PLANS: &[&str] = &["free", "basic", "pro", "team"];
/// What the shop sells: name and price in cents.
const PRODUCTS: &[(&str, u64)] = &[
    ("desk lamp", 3_495),
    ("notebook", 599),
    ("walnut desk", 48_900),
    ("office chair", 21_950),
    ("fountain pen", 2_875),
    ("monitor arm", 8_990),
    ("cable tray", 1_449),
    ("bookshelf", 12_900),
    ("desk mat", 2_333),
    ("paper lamp", 1_999),
];
/// Everybody gets 7.5 % off: this many thousandths of the price remain.
const DISCOUNTED_PER_MILLE: u64 = 925;

/// The profile of one person.
pub(super) fn user(version: Version, id: u64) -> Value {
    let number = mixed("user", id);
    let first = pick(FIRST_NAMES, number).unwrap_or("Ada");
    let last = pick(LAST_NAMES, number >> 8).unwrap_or("Berg");
    let (city, country) = pick(CITIES, number >> 16).unwrap_or(("Graz", "AT"));
    let mut profile = json!({
        "id": id,
        "name": format!("{first} {last}"),
        "email": format!("{}.{}{id}@example.com", first.to_lowercase(), last.to_lowercase()),
        "member_since": format!("{}-{:02}-{:02}", 2016 + (number >> 24) % 9, 1 + (number >> 28) % 12, 1 + (number >> 32) % 28),
        "address": { "street": format!("{} Mill Lane", 1 + (number >> 36) % 120), "city": city, "country": country },
        "preferences": { "language": "en", "newsletter": (number >> 40).is_multiple_of(2) },
        "loyalty_points": (number >> 44) % 5_000,
        "plan": pick(PLANS, number >> 20),
    });
    if let (Version::Two, Some(fields)) = (version, profile.as_object_mut()) {
        if let Some(plan) = fields.remove("plan") {
            fields.insert("tier".to_owned(), plan);
        }
        if id.is_multiple_of(MISSING_EVERY) {
            fields.remove("loyalty_points");
        }
    }
    profile
}

/// The latest order of one person, with its items.
pub(super) fn order(version: Version, id: u64) -> Value {
    let number = mixed("order", id);
    let lines: Vec<(&str, u64, u64)> = (0..1 + number % 4)
        .filter_map(|line| {
            let (name, cents) = pick(PRODUCTS, mixed("line", number.wrapping_add(line)))?;
            Some((name, cents, 1 + (number >> (8 + 2 * line)) % 3))
        })
        .collect();
    let items: Vec<Value> = lines
        .iter()
        .map(|(name, cents, quantity)| json!({ "product": name, "unit_price": euros(*cents), "quantity": quantity }))
        .collect();
    let total = match version {
        Version::One => discounted(lines.iter().map(|(_, cents, quantity)| cents * quantity).sum()),
        Version::Two => lines.iter().map(|(_, cents, quantity)| discounted(cents * quantity)).sum(),
    };
    json!({
        "user_id": id,
        "order": {
            "number": format!("G-{}", 100_000 + number % 900_000),
            "status": pick(&["placed", "packed", "sent", "delivered"], number >> 40),
            "currency": "EUR",
            "items": items,
            "total": euros(total),
        },
    })
}

/// What differs from answer to answer, in either version: which machine answered, and how long an order may take.
pub(super) fn add_noise(answer: &mut Value, chance: u64) {
    let Some(members) = answer.as_object_mut() else { return };
    if members.contains_key("member_since") {
        members.insert("served_by".to_owned(), json!(format!("node-{}", chance % 5)));
    } else if members.contains_key("order") {
        members.insert("eta_minutes".to_owned(), json!(20 + chance % 3));
    }
}

/// The products whose name contains `query`, whatever its case.
pub(super) fn search(version: Version, query: &str) -> Value {
    let wanted = query.to_lowercase();
    let results: Vec<Value> = PRODUCTS
        .iter()
        .filter(|(name, _)| name.contains(&wanted))
        .map(|(name, cents)| json!({ "product": name, "unit_price": euros(*cents) }))
        .collect();
    let count = match version {
        Version::One => json!(results.len()),
        Version::Two => json!(results.len().to_string()),
    };
    json!({ "query": query, "count": count, "results": results })
}

/// A price after the discount, rounded half up to a cent.
fn discounted(cents: u64) -> u64 {
    (cents * DISCOUNTED_PER_MILLE + 500) / 1_000
}

/// Cents as a JSON number of euros, with at most two decimals.
fn euros(cents: u64) -> Value {
    json!(cents as f64 / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_always_tells_the_same_story() {
        for id in 0..50 {
            assert_eq!(user(Version::One, id), user(Version::One, id));
            assert_eq!(order(Version::Two, id), order(Version::Two, id));
        }
    }

    #[test]
    fn users_differ_by_the_renamed_field_and_every_seventh_id_by_the_missing_one() {
        for id in 1..100 {
            let mut expected = user(Version::One, id);
            let fields = expected.as_object_mut().unwrap();
            let plan = fields.remove("plan").unwrap();
            fields.insert("tier".to_owned(), plan);
            if id % 7 == 0 {
                fields.remove("loyalty_points");
            }
            assert_eq!(user(Version::Two, id), expected);
        }
    }

    #[test]
    fn orders_differ_by_cents_in_the_total_of_some_ids_and_by_nothing_else() {
        let mut different = 0;
        for id in 1..500 {
            let (mut one, mut two) = (order(Version::One, id), order(Version::Two, id));
            let first = one["order"]["total"].take().as_f64().unwrap();
            let second = two["order"]["total"].take().as_f64().unwrap();
            assert!((first - second).abs() < 0.03, "{id}: {first} and {second}");
            different += usize::from(first.to_bits() != second.to_bits());
            assert_eq!(one, two);
        }
        assert!((20..400).contains(&different), "{different} of 499 differ");
    }

    #[test]
    fn searches_differ_by_the_type_of_the_count() {
        let (one, two) = (search(Version::One, "DESK"), search(Version::Two, "DESK"));
        assert_eq!(one["count"], 3);
        assert_eq!(two["count"], "3");
        assert_eq!(one["results"], two["results"]);
        assert_eq!(search(Version::One, "no such thing")["results"], json!([]));
    }

    #[test]
    fn the_largest_id_is_a_person_too() {
        assert_eq!(user(Version::Two, u64::MAX)["id"], u64::MAX);
        assert!(order(Version::One, u64::MAX)["order"]["total"].is_number());
    }
}
