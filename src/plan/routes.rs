//! Which endpoint serves a path: gin's rules, as a tree of segments per method.
//!
//! Runs once per request: no allocation but the values of the parameters. Fixed text wins over a parameter, with
//! backtracking; the deepest recursion is the longest route of the file, not the client's path.

use std::collections::BTreeMap;

use crate::config::rules::paths;

/// What serves a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An endpoint of the file, by its place in the plan.
    Endpoint(usize),
    /// `/__health`.
    Health,
    /// `/__debug/`.
    Debug,
    /// `/__echo/`.
    Echo,
    /// `OPTIONS` of a published path (`auto_options`): the value of `Allow`.
    Options(String),
}

/// The answer of the router.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// Serve it; the values of the path's parameters, in order.
    Serve(&'a Target, Vec<String>),
    /// The client should ask for this path instead.
    Redirect(String),
    /// The path exists for these methods only.
    MethodNotAllowed(Vec<&'a str>),
    /// There is no such path.
    NotFound,
}

/// Switches of `extra_config.router` that change matching.
#[derive(Clone, Copy, Debug, Default)]
pub struct RouteRules {
    /// No redirect between `/a` and `/a/`.
    pub keep_trailing_slash: bool,
    /// No redirect to the cleaned path, found case-insensitively.
    pub keep_path: bool,
    /// 404 instead of 405.
    pub hide_methods: bool,
    /// Match the cleaned path without a redirect.
    pub clean_first: bool,
}

/// Every route of the service.
#[derive(Debug, Default)]
pub struct Routes {
    rules: RouteRules,
    /// In order of first registration, which `Allow` shows.
    methods: Vec<(String, Node)>,
}

#[derive(Debug, Default)]
struct Node {
    fixed: BTreeMap<String, Node>,
    /// Spellings of fixed text that are not all small, by the small one: a near miss must not look at every child.
    capitals: BTreeMap<String, Vec<String>>,
    /// Segments that start with text and end in a parameter (`file.{ext}`).
    prefixed: Vec<(String, Node)>,
    param: Option<Box<Node>>,
    /// Serves everything below (`/__debug/*`).
    rest: Option<Target>,
    target: Option<Target>,
}

/// One segment of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Exactly this text.
    Fixed(String),
    /// This text, then the value of a parameter; the text is usually empty.
    Param(String),
}

/// The segments of an endpoint path. `params` are the names the configuration recognised; a parameter, or what stands
/// behind a written `:`, takes the rest of its segment, as in gin.
#[must_use]
pub fn segments(path: &str, params: &[String]) -> Vec<Segment> {
    paths::route(path, params).trim_start_matches('/').split('/').map(segment).collect()
}

fn segment(text: &str) -> Segment {
    match paths::wildcard(text) {
        Some((before, _name)) => Segment::Param(before.to_owned()),
        None => Segment::Fixed(text.to_owned()),
    }
}

impl Routes {
    /// No routes yet.
    #[must_use]
    pub fn new(rules: RouteRules) -> Self {
        Self { rules, methods: Vec::new() }
    }

    /// Publishes a route. The first of two equal routes stays; the configuration has refused the second before.
    pub fn add(&mut self, method: &str, segments: &[Segment], target: Target) {
        let node = self.tree_mut(method);
        let node = segments.iter().fold(node, Node::child);
        node.target.get_or_insert(target);
    }

    /// Publishes everything below a path, the path itself (with its slash) included.
    pub fn add_below(&mut self, method: &str, prefix: &str, target: Target) {
        let node = self.tree_mut(method);
        let node = segments(prefix, &[]).iter().fold(node, Node::child);
        node.rest.get_or_insert(target);
    }

    fn tree_mut(&mut self, method: &str) -> &mut Node {
        let place = self.methods.iter().position(|(name, _)| name == method).unwrap_or(self.methods.len());
        if place == self.methods.len() {
            self.methods.push((method.to_owned(), Node::default()));
        }
        &mut self.methods.get_mut(place).expect("the place was just made").1
    }

    /// What serves `path`, which is percent-decoded.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> Decision<'_> {
        let cleaned;
        let path = if self.rules.clean_first {
            cleaned = clean(path);
            &cleaned
        } else {
            path
        };
        let tree = self.methods.iter().find(|(name, _)| name == method).map(|(_, tree)| tree);
        if let Some(tree) = tree {
            if let Some((target, params)) = tree.find(path) {
                return Decision::Serve(target, params);
            }
            if let Some(better) = self.better_path(tree, path) {
                return Decision::Redirect(better);
            }
        }
        let allowed: Vec<&str> =
            self.methods.iter().filter(|(_, tree)| tree.find(path).is_some()).map(|(name, _)| name.as_str()).collect();
        if allowed.is_empty() || self.rules.hide_methods {
            Decision::NotFound
        } else {
            Decision::MethodNotAllowed(allowed)
        }
    }

    /// A path that exists and differs only in slashes or letter case.
    fn better_path(&self, tree: &Node, path: &str) -> Option<String> {
        if path == "/" {
            return None;
        }
        if !self.rules.keep_trailing_slash {
            let other = toggle_slash(path);
            if tree.find(&other).is_some() {
                return Some(other);
            }
        }
        if self.rules.keep_path {
            return None;
        }
        let cleaned = clean(path);
        tree.find_any_case(&cleaned).or_else(|| tree.find_any_case(&toggle_slash(&cleaned)))
    }
}

fn toggle_slash(path: &str) -> String {
    path.strip_suffix('/').filter(|rest| !rest.is_empty()).map_or_else(|| format!("{path}/"), str::to_owned)
}

/// The shortest equal path: no empty, `.` or `..` segments; a trailing slash stays.
fn clean(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let slash = kept.is_empty() || path.ends_with('/') || path.ends_with("/.");
    let cleaned = format!("/{}", kept.join("/"));
    if slash && cleaned.len() > 1 { cleaned + "/" } else { cleaned }
}

impl Node {
    fn child(&mut self, segment: &Segment) -> &mut Self {
        match segment {
            Segment::Fixed(text) => {
                if !self.fixed.contains_key(text) {
                    self.note_capitals(text);
                }
                self.fixed.entry(text.clone()).or_default()
            }
            Segment::Param(prefix) if prefix.is_empty() => self.param.get_or_insert_default(),
            Segment::Param(prefix) => {
                let place = self.prefixed.iter().position(|(text, _)| text == prefix).unwrap_or(self.prefixed.len());
                if place == self.prefixed.len() {
                    self.prefixed.push((prefix.clone(), Self::default()));
                }
                &mut self.prefixed.get_mut(place).expect("the place was just made").1
            }
        }
    }

    fn note_capitals(&mut self, text: &str) {
        let small = text.to_lowercase();
        if small != text {
            let spellings = self.capitals.entry(small).or_default();
            let place = spellings.partition_point(|known| known.as_str() < text);
            spellings.insert(place, text.to_owned());
        }
    }

    /// The children whose fixed text is this but for letter case, capitals first, as they are sorted.
    fn in_any_case(&self, segment: &str) -> impl Iterator<Item = (&str, &Self)> {
        let small = segment.to_lowercase();
        let capitals = self.capitals.get(&small).into_iter().flatten();
        let spelled = capitals.filter_map(|text| self.fixed.get_key_value(text));
        spelled.chain(self.fixed.get_key_value(&small)).map(|(text, node)| (text.as_str(), node))
    }

    fn find(&self, path: &str) -> Option<(&Target, Vec<String>)> {
        let mut params = Vec::new();
        let target = self.descend(path.strip_prefix('/')?, &mut params)?;
        Some((target, params))
    }

    /// `rest` is what follows the slash: one segment at least, perhaps empty.
    fn descend<'a>(&'a self, rest: &str, params: &mut Vec<String>) -> Option<&'a Target> {
        let (segment, below) = rest.split_once('/').map_or((rest, None), |(segment, below)| (segment, Some(below)));
        if let Some(found) = self.fixed.get(segment).and_then(|node| node.arrive(below, params)) {
            return Some(found);
        }
        let known = params.len();
        for (node, value) in self.taking(segment, below.is_none()) {
            params.push(value.to_owned());
            if let Some(found) = node.arrive(below, params) {
                return Some(found);
            }
            params.truncate(known);
        }
        self.rest.as_ref()
    }

    /// The children that take `segment` as a value, with that value; the last value of a path is never empty.
    fn taking<'n, 's>(&'n self, segment: &'s str, last: bool) -> impl Iterator<Item = (&'n Self, &'s str)> {
        let prefixed =
            self.prefixed.iter().filter_map(|(prefix, node)| Some((node, segment.strip_prefix(prefix.as_str())?)));
        let whole = self.param.as_deref().map(|node| (node, segment));
        prefixed.chain(whole).filter(move |(_, value)| !(last && value.is_empty()))
    }

    fn arrive<'a>(&'a self, below: Option<&str>, params: &mut Vec<String>) -> Option<&'a Target> {
        match below {
            None => self.target.as_ref(),
            Some(below) => self.descend(below, params),
        }
    }

    /// The route's own spelling of a path that matches but for letter case; values keep theirs.
    fn find_any_case(&self, path: &str) -> Option<String> {
        self.descend_any_case(path.strip_prefix('/')?).map(|found| format!("/{found}"))
    }

    fn descend_any_case(&self, rest: &str) -> Option<String> {
        let (segment, below) = rest.split_once('/').map_or((rest, None), |(segment, below)| (segment, Some(below)));
        for (text, node) in self.in_any_case(segment) {
            if let Some(found) = node.arrive_any_case(text, below) {
                return Some(found);
            }
        }
        self.taking(segment, below.is_none()).find_map(|(node, _)| node.arrive_any_case(segment, below))
    }

    fn arrive_any_case(&self, spelling: &str, below: Option<&str>) -> Option<String> {
        match below {
            None => self.target.is_some().then(|| spelling.to_owned()),
            Some(below) => self.descend_any_case(below).map(|found| format!("{spelling}/{found}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(rules: RouteRules, paths: &[&str]) -> Routes {
        let mut routes = Routes::new(rules);
        for (place, path) in paths.iter().enumerate() {
            let params = ["id", "x", "ext"].map(str::to_owned);
            routes.add("GET", &segments(path, &params), Target::Endpoint(place));
        }
        routes
    }

    fn served(routes: &Routes, path: &str) -> Option<(usize, Vec<String>)> {
        match routes.find("GET", path) {
            Decision::Serve(Target::Endpoint(place), params) => Some((*place, params)),
            _ => None,
        }
    }

    #[test]
    fn fixed_text_wins_and_a_dead_end_is_backed_out_of() {
        let routes = routes(RouteRules::default(), &["/a/{id}", "/a/b", "/a/{id}/c", "/a/b/d", "/f/{x}/file.{ext}"]);
        assert_eq!(served(&routes, "/a/b"), Some((1, vec![])));
        assert_eq!(served(&routes, "/a/z"), Some((0, vec!["z".into()])));
        assert_eq!(served(&routes, "/a/b/c"), Some((2, vec!["b".into()])));
        assert_eq!(served(&routes, "/f/1/file.tar"), Some((4, vec!["1".into(), "tar".into()])));
    }

    #[test]
    fn a_written_colon_begins_a_parameter_and_doubled_slashes_are_one() {
        let routes = routes(RouteRules::default(), &["/lit/:z", "//dbl//x", "/a/v:x/{id}.json"]);
        assert_eq!(served(&routes, "/lit/5"), Some((0, vec!["5".into()])));
        assert_eq!(served(&routes, "/lit/:z"), Some((0, vec![":z".into()])));
        assert_eq!(served(&routes, "/dbl/x"), Some((1, vec![])));
        assert_eq!(served(&routes, "/a/v1/7.json"), Some((2, vec!["1".into(), "7.json".into()])));
    }

    #[test]
    fn a_last_value_is_never_empty_but_one_in_the_middle_may_be() {
        let routes = routes(
            RouteRules { keep_trailing_slash: true, keep_path: true, ..RouteRules::default() },
            &["/q/{id}", "/p/{id}/end"],
        );
        assert_eq!(routes.find("GET", "/q/"), Decision::NotFound);
        assert_eq!(served(&routes, "/p//end"), Some((1, vec![String::new()])));
    }

    #[test]
    fn near_misses_are_redirected() {
        let routes = routes(RouteRules::default(), &["/one", "/static/{id}", "/two/"]);
        for (asked, better) in [
            ("/one/", "/one"),
            ("/two", "/two/"),
            ("/ONE", "/one"),
            ("//one", "/one"),
            ("/x/../one", "/one"),
            ("/StAtic/AbC", "/static/AbC"),
            ("/STATIC/x/", "/static/x"),
        ] {
            assert_eq!(routes.find("GET", asked), Decision::Redirect(better.into()), "{asked}");
        }
        assert_eq!(routes.find("GET", "/none"), Decision::NotFound);
    }

    #[test]
    fn every_spelling_of_a_route_is_found_by_any_other() {
        let routes = routes(RouteRules::default(), &["/a/Straße/x", "/a/straße/y", "/a/STRASSE/z", "/B", "/b"]);
        for (asked, better) in [
            ("/A/sTRAßE/X", "/a/Straße/x"),
            ("/A/STRAßE/Y", "/a/straße/y"),
            ("/a/strasse/Z", "/a/STRASSE/z"),
            ("/b/", "/b"),
        ] {
            assert_eq!(routes.find("GET", asked), Decision::Redirect(better.into()), "{asked}");
        }
        assert_eq!(served(&routes, "/B"), Some((3, vec![])));
        assert_eq!(routes.find("GET", "/A/strasse/y"), Decision::NotFound);
    }

    #[test]
    fn another_method_is_told_and_can_be_hidden() {
        let mut routes = routes(RouteRules::default(), &["/one"]);
        routes.add("POST", &segments("/one", &[]), Target::Endpoint(7));
        assert_eq!(routes.find("PUT", "/one"), Decision::MethodNotAllowed(vec!["GET", "POST"]));
        assert_eq!(routes.find("PUT", "/one/"), Decision::NotFound);
        let mut hidden = Routes::new(RouteRules { hide_methods: true, ..RouteRules::default() });
        hidden.add("POST", &segments("/one", &[]), Target::Endpoint(7));
        assert_eq!(hidden.find("GET", "/one"), Decision::NotFound);
    }

    #[test]
    fn everything_below_is_served_and_the_bare_prefix_redirected() {
        let mut routes = Routes::new(RouteRules::default());
        routes.add_below("GET", "/__debug", Target::Debug);
        assert_eq!(routes.find("GET", "/__debug/a/b"), Decision::Serve(&Target::Debug, vec![]));
        assert_eq!(routes.find("GET", "/__debug/"), Decision::Serve(&Target::Debug, vec![]));
        assert_eq!(routes.find("GET", "/__debug"), Decision::Redirect("/__debug/".into()));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_paths_never_panic(path: String) {
            let routes = routes(RouteRules::default(), &["/a/{id}", "/a/b", "/a/{id}/c", "/"]);
            let _any_answer = routes.find("GET", &path);
            let _any_answer = routes.find("GET", &format!("/{path}"));
        }
    }
}
