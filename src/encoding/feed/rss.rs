//! RSS 0.9 to 2.0, with the Dublin Core and iTunes elements that stand in for missing ones.

use super::element::{Element, Fields, list_or_null, person, string};
use crate::model::{Data, data::Object};

/// The feed below `<rss>` or `<rdf:RDF>`; the latter has its items beside the channel.
pub(super) fn feed(root: Element<'_>) -> Object {
    let channel = root.first("channel").unwrap_or(root);
    let items: Vec<Data> = channel.all("item").chain(root.all("item")).map(item).collect();
    let author = channel.text_of(&["managingEditor", "webMaster", "dc:author", "dc:creator", "itunes:author"]);
    let mut feed: Object = [
        ("items", Data::Array(items)),
        ("author", if author.is_empty() { Data::Null } else { named(author) }),
        ("categories", list_or_null(categories(channel))),
        ("custom", Data::Null),
        ("copyright", string(channel.text_of(&["copyright", "dc:rights"]))),
        ("description", string(channel.text_of(&["description", "itunes:summary"]))),
        ("type", string("rss")),
        ("language", string(channel.text_of(&["language", "dc:language"]))),
        ("title", string(channel.text_of(&["title", "dc:title"]))),
        ("published", string(channel.text_of(&["pubDate"]))),
        ("updated", string(channel.text_of(&["lastBuildDate", "dc:date"]))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    feed.extend(image(channel, root).map(|url| ("img_url".to_owned(), string(url))));
    feed
}

fn item(item: Element<'_>) -> Data {
    let mut fields = Fields::default();
    fields.text("title", item.text_of(&["title", "dc:title"]));
    fields.text("description", item.text_of(&["description", "dc:description", "itunes:summary"]));
    fields.text("content", item.text_of(&["content:encoded"]));
    fields.text("link", item.text_of(&["link"]));
    fields.list("links", texts(item, "link"));
    fields.date("published", item.text_of(&["pubDate", "dc:date"]));
    fields.date("updated", item.text_of(&["dc:date"]));
    fields.text("guid", item.text_of(&["guid"]));
    let author = item.text_of(&["author", "dc:author", "dc:creator", "itunes:author"]);
    fields.people(if author.is_empty() { Vec::new() } else { vec![named(author)] });
    fields.list("categories", categories(item));
    let enclosures = item.all("enclosure").map(|enclosure| {
        Fields::enclosure(enclosure.attribute("url"), enclosure.attribute("length"), enclosure.attribute("type"))
    });
    fields.list("enclosures", enclosures.collect());
    fields.into_data()
}

fn texts(element: Element<'_>, name: &str) -> Vec<Data> {
    element.all(name).map(Element::text).filter(|text| !text.is_empty()).map(string).collect()
}

fn categories(element: Element<'_>) -> Vec<Data> {
    let keywords = element.text_of(&["itunes:keywords"]).split(',').filter(|keyword| !keyword.is_empty()).map(string);
    let mut categories = texts(element, "category");
    categories.extend(keywords);
    categories.extend(texts(element, "dc:subject"));
    categories
}

fn image<'a>(channel: Element<'a>, root: Element<'a>) -> Option<&'a str> {
    let image = channel.first("image").or_else(|| root.first("image")).map(|image| image.text_of(&["url"]));
    image.or_else(|| channel.first("itunes:image").map(|image| image.attribute("href")))
}

/// A person from `address (name)`, `name (address)`, or one of them.
pub(super) fn named(text: &str) -> Data {
    let (outer, inner) = match text.trim().strip_suffix(')').and_then(|rest| rest.rsplit_once('(')) {
        Some((outer, inner)) => (outer.trim(), inner.trim()),
        None => (text.trim(), ""),
    };
    if outer.contains('@') { person(inner, outer) } else { person(outer, inner) }
}
