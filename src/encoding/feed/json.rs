//! JSON feeds, versions 1 and 1.1. As for the original, any JSON object is one, however little of a feed is in it.

use serde::Deserialize;

use super::{
    element::{Fields, list_or_null, string},
    rss::named,
};
use crate::model::{Data, DecodeError, data::Object};

#[derive(Deserialize)]
struct Feed {
    title: Option<String>,
    description: Option<String>,
    language: Option<String>,
    icon: Option<String>,
    author: Option<Author>,
    items: Option<Vec<Item>>,
}

#[derive(Deserialize)]
struct Author {
    name: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    id: Option<String>,
    url: Option<String>,
    external_url: Option<String>,
    title: Option<String>,
    content_html: Option<String>,
    content_text: Option<String>,
    summary: Option<String>,
    image: Option<String>,
    banner_image: Option<String>,
    date_published: Option<String>,
    date_modified: Option<String>,
    author: Option<Author>,
    authors: Option<Vec<Author>>,
    tags: Option<Vec<String>>,
    attachments: Option<Vec<Attachment>>,
}

#[derive(Deserialize)]
struct Attachment {
    url: Option<String>,
    mime_type: Option<String>,
    duration_in_seconds: Option<i64>,
}

/// The feed in a body that is a JSON object.
///
/// # Errors
/// When it is not, or a member is not what a feed has under its name.
pub(super) fn feed(body: &[u8]) -> Result<Object, DecodeError> {
    let feed: Feed = serde_json::from_slice(body).map_err(|error| DecodeError::new(error.to_string()))?;
    let items = feed.items.unwrap_or_default();
    // The original takes the times of the feed from its first item.
    let first = |date: fn(&Item) -> &Option<String>| string(items.first().map_or("", |item| text(date(item))));
    let (published, updated) = (first(|item| &item.date_published), first(|item| &item.date_modified));
    let mut object: Object = [
        ("items", Data::Array(items.iter().map(Item::data).collect())),
        ("author", feed.author.as_ref().map_or(Data::Null, Author::data)),
        ("categories", list_or_null(Vec::new())),
        ("custom", Data::Null),
        ("copyright", string("")),
        ("description", string(text(&feed.description))),
        ("type", string("json")),
        ("language", string(text(&feed.language))),
        ("title", string(text(&feed.title))),
        ("published", published),
        ("updated", updated),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Some(icon) = feed.icon.filter(|icon| !icon.is_empty()) {
        object.insert("img_url".to_owned(), Data::String(icon));
    }
    Ok(object)
}

fn text(held: &Option<String>) -> &str {
    held.as_deref().unwrap_or_default()
}

/// The first of these that says something.
fn either<'a>(first: &'a Option<String>, second: &'a Option<String>) -> &'a str {
    if text(first).is_empty() { text(second) } else { text(first) }
}

impl Author {
    fn data(&self) -> Data {
        named(text(&self.name))
    }
}

impl Item {
    fn data(&self) -> Data {
        let mut fields = Fields::default();
        fields.text("title", text(&self.title));
        fields.text("description", text(&self.summary));
        fields.text("content", either(&self.content_html, &self.content_text));
        fields.text("link", text(&self.url));
        let links = [&self.url, &self.external_url].map(text);
        fields.list("links", links.into_iter().filter(|link| !link.is_empty()).map(string).collect());
        fields.date("updated", text(&self.date_modified));
        fields.date("published", text(&self.date_published));
        fields.text("guid", text(&self.id));
        fields.image(either(&self.image, &self.banner_image));
        let authors = self.authors.as_deref().or(self.author.as_ref().map(std::slice::from_ref)).unwrap_or_default();
        fields.people(authors.iter().map(Author::data).collect());
        fields.list("categories", self.tags.iter().flatten().map(|tag| string(tag)).collect());
        fields.list("enclosures", self.attachments.iter().flatten().map(Attachment::data).collect());
        fields.into_data()
    }
}

impl Attachment {
    /// As in the original, its length is that of its time.
    fn data(&self) -> Data {
        let length = self.duration_in_seconds.unwrap_or_default().to_string();
        Fields::enclosure(text(&self.url), &length, text(&self.mime_type))
    }
}
