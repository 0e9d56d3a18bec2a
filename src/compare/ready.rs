//! The answers of a pair as they are held against each other, or why they can't be.

use std::borrow::Cow;

use crate::{
    config::shadow::Against,
    model::{Data, Kind, Seen, SeenBody, Sight, Unkept},
};

use super::{Incomparable, Merging, pair::Sights};

/// Answers that can be compared.
#[derive(Debug)]
pub struct Ready<'a> {
    /// The live one, or the whole it is a part of.
    pub live: Cow<'a, Seen>,
    /// The shadow's, or the whole with it in place of the live one.
    pub shadow: Cow<'a, Seen>,
    /// The second live one in the same way, if it came.
    pub baseline: Option<Cow<'a, Seen>>,
}

impl<'a> Ready<'a> {
    /// Makes them of what was seen.
    ///
    /// # Errors
    /// With the reason why they can't be compared.
    pub fn of(sights: &'a Sights, against: Against, merging: &Merging) -> Result<Self, Incomparable> {
        let live = answer(sights.live_at(against.place()), Incomparable::LiveError, Incomparable::LiveError)?;
        let shadow = answer(sights.shadow.as_ref(), Incomparable::ShadowError, Incomparable::ShadowTimeout)?;
        // A second live answer that did not come says nothing about noise.
        let baseline = answer(sights.baseline.as_ref(), Incomparable::LiveError, Incomparable::LiveError).ok();
        match against {
            Against::Backend(_) => Ok(Self {
                live: Cow::Borrowed(live),
                shadow: Cow::Borrowed(shadow),
                baseline: baseline.map(Cow::Borrowed),
            }),
            Against::Merged(place) => {
                let whole = |part: &Seen| whole(sights, place, part, merging).map(Cow::Owned);
                Ok(Self {
                    live: whole(live)?,
                    shadow: whole(shadow)?,
                    baseline: baseline.and_then(|part| whole(part).ok()),
                })
            }
        }
    }
}

/// The answer of one side, if it is whole.
fn answer(sight: Option<&Sight>, failed: Incomparable, late: Incomparable) -> Result<&Seen, Incomparable> {
    match sight {
        None | Some(Sight::Failed(_)) => Err(match sight {
            Some(Sight::Failed(Kind::Timeout)) => late,
            Some(Sight::Failed(Kind::TooLarge)) => Incomparable::TooLarge,
            Some(Sight::Failed(Kind::Decode)) => Incomparable::Encoding,
            _ => failed,
        }),
        Some(Sight::Answer(seen)) => match seen.body {
            SeenBody::Unkept(Unkept::TooLarge) => Err(Incomparable::TooLarge),
            SeenBody::Unkept(Unkept::NoRoom) => Err(Incomparable::Memory),
            SeenBody::Unkept(Unkept::BrokenOff) => Err(failed),
            SeenBody::Bytes(_) | SeenBody::Pieces(_) | SeenBody::Data(_) | SeenBody::Hashed { .. } => Ok(seen),
        },
    }
}

/// The whole answer of the endpoint with `part` in this place. Status and headers stay those of the part: those of the
/// whole would be the same on both sides.
fn whole(sights: &Sights, place: usize, part: &Seen, merging: &Merging) -> Result<Seen, Incomparable> {
    let mut parts = Vec::with_capacity(sights.live.len());
    for (of, sight) in &sights.live {
        let seen = if *of == place { Some(part) } else { optional(sight)? };
        parts.extend(seen.and_then(data_of));
    }
    Ok(Seen { body: SeenBody::Data(merging.whole(parts)), ..part.clone() })
}

/// Another part of the whole. One that failed is missing on both sides; one that was not kept can't be told.
fn optional(sight: &Sight) -> Result<Option<&Seen>, Incomparable> {
    match sight {
        Sight::Failed(_) => Ok(None),
        Sight::Answer(_) => answer(Some(sight), Incomparable::LiveError, Incomparable::LiveError).map(Some),
    }
}

/// What a part adds to a whole: a failing status has no data.
fn data_of(seen: &Seen) -> Option<Data> {
    match &seen.body {
        SeenBody::Data(data) => Some(data.clone()),
        SeenBody::Bytes(_) | SeenBody::Pieces(_) | SeenBody::Hashed { .. } | SeenBody::Unkept(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::StatusCode;

    use super::*;
    use crate::model::Headers;

    fn data(text: &'static str) -> Data {
        Data::parse(&text.into()).unwrap()
    }

    fn seen(body: SeenBody) -> Sight {
        Sight::Answer(Seen { status: StatusCode::OK, headers: Headers::new(), body, took: Duration::ZERO })
    }

    fn part(text: &'static str) -> Sight {
        seen(SeenBody::Data(data(text)))
    }

    /// Lists its parts.
    fn listing() -> Merging {
        Merging::new(Data::Array)
    }

    fn text(seen: &Seen) -> String {
        match &seen.body {
            SeenBody::Data(data) => String::from_utf8(data.to_bytes().to_vec()).unwrap(),
            _ => panic!("data"),
        }
    }

    fn why(live: Option<Sight>, shadow: Option<Sight>) -> Incomparable {
        let sights = Sights { live: live.into_iter().map(|sight| (0, sight)).collect(), shadow, baseline: None };
        Ready::of(&sights, Against::Backend(0), &listing()).unwrap_err()
    }

    #[test]
    fn what_is_missing_or_not_whole_says_why() {
        let failed = |kind| Some(Sight::Failed(kind));
        let unkept = |why| Some(seen(SeenBody::Unkept(why)));
        let fine = || Some(part("{}"));
        for (live, shadow, expected) in [
            (None, fine(), Incomparable::LiveError),
            (failed(Kind::Timeout), fine(), Incomparable::LiveError),
            (unkept(Unkept::BrokenOff), fine(), Incomparable::LiveError),
            (unkept(Unkept::TooLarge), fine(), Incomparable::TooLarge),
            (fine(), failed(Kind::Timeout), Incomparable::ShadowTimeout),
            (fine(), failed(Kind::Connect), Incomparable::ShadowError),
            (fine(), failed(Kind::TooLarge), Incomparable::TooLarge),
            (fine(), failed(Kind::Decode), Incomparable::Encoding),
            (fine(), unkept(Unkept::NoRoom), Incomparable::Memory),
            (fine(), unkept(Unkept::BrokenOff), Incomparable::ShadowError),
        ] {
            assert_eq!(why(live, shadow), expected);
        }
    }

    #[test]
    fn a_whole_has_the_shadows_part_in_place_of_the_live_one() {
        let sights = Sights {
            live: vec![(1, part("\"other\"")), (0, part("\"live\"")), (2, Sight::Failed(Kind::Status))],
            shadow: Some(part("\"shadow\"")),
            baseline: Some(part("\"second\"")),
        };
        let ready = Ready::of(&sights, Against::Merged(0), &listing()).unwrap();
        assert_eq!(text(&ready.live), r#"["other","live"]"#);
        assert_eq!(text(&ready.shadow), r#"["other","shadow"]"#);
        assert_eq!(text(&ready.baseline.unwrap()), r#"["other","second"]"#);
    }

    #[test]
    fn a_part_that_was_not_kept_leaves_the_whole_unknown() {
        let sights = Sights {
            live: vec![(0, part("1")), (1, seen(SeenBody::Unkept(Unkept::NoRoom)))],
            shadow: Some(part("1")),
            baseline: None,
        };
        assert_eq!(Ready::of(&sights, Against::Merged(0), &listing()).unwrap_err(), Incomparable::Memory);
    }

    #[test]
    fn a_second_answer_that_did_not_come_is_none() {
        let sights = Sights {
            live: vec![(0, part("1"))],
            shadow: Some(part("2")),
            baseline: Some(Sight::Failed(Kind::Connect)),
        };
        assert!(Ready::of(&sights, Against::Backend(0), &listing()).unwrap().baseline.is_none());
    }
}
