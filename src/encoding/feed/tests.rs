//! Feeds as recorded from the original.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::decode;

fn read(document: &str) -> Value {
    serde_json::from_slice(&decode(document.as_bytes()).unwrap().to_bytes()).unwrap()
}

const NEWS: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>News</title><link>http://x.example/</link>\
    <description>All &lt;b&gt;news&lt;/b&gt;</description><language>en</language><item><title>First</title>\
    <link>http://x.example/1</link><guid>g1</guid><pubDate>Mon, 02 Jan 2006 15:04:05 GMT</pubDate>\
    <description>one</description><category>c1</category></item><item><title>Second</title>\
    <link>http://x.example/2</link></item></channel></rss>";

#[test]
fn rss_becomes_the_feed_of_the_original() {
    assert_eq!(
        read(NEWS),
        json!({"author": null, "categories": null, "copyright": "", "custom": null, "description": "All <b>news</b>",
            "items": [
                {"title": "First", "description": "one", "link": "http://x.example/1", "links": ["http://x.example/1"],
                 "published": "Mon, 02 Jan 2006 15:04:05 GMT", "publishedParsed": "2006-01-02T15:04:05Z", "guid": "g1",
                 "categories": ["c1"]},
                {"title": "Second", "link": "http://x.example/2", "links": ["http://x.example/2"]}],
            "language": "en", "published": "", "title": "News", "type": "rss", "updated": ""})
    );
}

#[test]
fn namespaced_elements_stand_in_for_missing_ones() {
    let feed = read(
        "<rss xmlns:dc=\"d\"><channel><title>t</title><media:title>m</media:title><image><url>u</url></image>\
         <webMaster>a@b.example (Ann)</webMaster><item><dc:creator>Bob</dc:creator><dc:date>2006-01-02</dc:date>\
         <enclosure url=\"f\" length=\"3\" type=\"audio/mpeg\"/></item></channel></rss>",
    );
    assert_eq!(feed["title"], "t");
    assert_eq!(feed["img_url"], "u");
    assert_eq!(feed["author"], json!({"name": "Ann", "email": "a@b.example"}));
    let item = &feed["items"][0];
    assert_eq!(item["authors"], json!([{"name": "Bob"}]));
    assert_eq!(item["publishedParsed"], "2006-01-02T00:00:00Z");
    assert_eq!(item["enclosures"], json!([{"url": "f", "length": "3", "type": "audio/mpeg"}]));
}

#[test]
fn atom_becomes_the_same_kind_of_feed() {
    let feed = read(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\"><title>T</title><updated>2006-01-02T15:04:05Z</updated>\
         <author><name>Ann</name></author><entry><id>e1</id><title type=\"text\">One</title><link href=\"http://x/1\"/>\
         <updated>2006-01-02T15:04:05Z</updated><summary>s</summary><category term=\"c\"/></entry></feed>",
    );
    assert_eq!(
        (&feed["type"], &feed["language"], &feed["author"]["name"]),
        (&json!("atom"), &json!("en"), &json!("Ann"))
    );
    let moment = "2006-01-02T15:04:05Z";
    assert_eq!(
        feed["items"],
        json!([{"title": "One", "description": "s", "link": "http://x/1", "links": ["http://x/1"], "updated": moment,
            "updatedParsed": moment, "published": moment, "publishedParsed": moment, "guid": "e1", "categories": ["c"]}])
    );
}

#[test]
fn what_is_no_feed_is_refused() {
    for document in ["", "[1]", "<html/>"] {
        assert_eq!(decode(document.as_bytes()).unwrap_err().to_string(), "Failed to detect feed type", "{document}");
    }
    assert!(decode(b"<rss><channel>").is_err());
    assert_eq!(read("<rss/>")["items"], json!([]));
}

#[test]
fn a_json_feed_becomes_the_same_kind_of_feed() {
    let feed = read(
        r#"{"version":"https://jsonfeed.org/version/1","title":"T","icon":"i.png","author":{"name":"Ann"},"items":[
            {"id":"1","url":"http://x/1","title":"One","content_text":"t","summary":"s","tags":["a"],
             "date_published":"2006-01-02T15:04:05Z","authors":[{"name":"Bob (b@x.example)"}],"image":"p.png",
             "attachments":[{"url":"f","mime_type":"audio/mpeg","duration_in_seconds":3}]}]}"#,
    );
    let moment = "2006-01-02T15:04:05Z";
    let bob = json!({"name": "Bob", "email": "b@x.example"});
    assert_eq!(
        feed,
        json!({"author": {"name": "Ann"}, "categories": null, "copyright": "", "custom": null, "description": "",
            "items": [{"title": "One", "description": "s", "content": "t", "link": "http://x/1", "links": ["http://x/1"],
                "published": moment, "publishedParsed": moment, "guid": "1", "image": {"url": "p.png"}, "author": bob,
                "authors": [bob], "categories": ["a"],
                "enclosures": [{"url": "f", "length": "3", "type": "audio/mpeg"}]}],
            "img_url": "i.png", "language": "", "published": moment, "title": "T", "type": "json", "updated": ""})
    );
    assert_eq!(read("{\"a\":1}")["items"], json!([]));
    assert!(decode(b"{\"title\":1}").is_err() && decode(b"{\"title\":").is_err());
}

proptest! {
    #[test]
    fn no_markup_makes_it_panic(inside in "(<item>|</item>|<channel>|</channel>|<link/>|<guid>|</guid>|x|<author a=''>){0,12}") {
        let _refused = decode(format!("<rss>{inside}</rss>").as_bytes()).is_err();
    }
}
