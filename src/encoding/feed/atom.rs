//! Atom.

use super::element::{Element, Fields, list_or_null, person, string};
use crate::model::{Data, data::Object};

/// The feed below `<feed>`.
pub(super) fn feed(root: Element<'_>) -> Object {
    let image = root.text_of(&["logo", "icon"]);
    let mut feed: Object = [
        ("items", Data::Array(root.all("entry").map(entry).collect())),
        ("author", people(root).into_iter().next().unwrap_or(Data::Null)),
        ("categories", list_or_null(categories(root))),
        ("custom", Data::Null),
        ("copyright", string(root.text_of(&["rights"]))),
        ("description", string(root.text_of(&["subtitle"]))),
        ("type", string("atom")),
        ("language", string(root.attribute("xml:lang"))),
        ("title", string(root.text_of(&["title"]))),
        ("published", string("")),
        ("updated", string(root.text_of(&["updated"]))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if !image.is_empty() {
        feed.insert("img_url".to_owned(), string(image));
    }
    feed
}

fn entry(entry: Element<'_>) -> Data {
    let mut fields = Fields::default();
    fields.text("title", entry.text_of(&["title"]));
    fields.text("description", entry.text_of(&["summary"]));
    fields.text("content", entry.text_of(&["content"]));
    let links: Vec<Data> =
        entry.all("link").filter(|link| leads_on(*link)).map(|link| string(link.attribute("href"))).collect();
    let main = entry.all("link").find(|link| matches!(link.attribute("rel"), "" | "alternate"));
    fields.text("link", main.map(|link| link.attribute("href")).unwrap_or_default());
    fields.list("links", links);
    fields.date("updated", entry.text_of(&["updated"]));
    fields.date("published", entry.text_of(&["published", "updated"]));
    fields.text("guid", entry.text_of(&["id"]));
    fields.people(people(entry));
    fields.list("categories", categories(entry));
    let files = entry.all("link").filter(|link| link.attribute("rel") == "enclosure");
    let enclosures = files
        .map(|link| Fields::enclosure(link.attribute("href"), link.attribute("length"), link.attribute("type")))
        .collect();
    fields.list("enclosures", enclosures);
    fields.into_data()
}

fn leads_on(link: Element<'_>) -> bool {
    matches!(link.attribute("rel"), "" | "alternate" | "self")
}

fn people(element: Element<'_>) -> Vec<Data> {
    element.all("author").map(|author| person(author.text_of(&["name"]), author.text_of(&["email"]))).collect()
}

fn categories(element: Element<'_>) -> Vec<Data> {
    let terms = element.all("category").map(|category| category.attribute("term"));
    terms.filter(|term| !term.is_empty()).map(string).collect()
}
