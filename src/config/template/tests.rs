//! Claims about rendering, written from the documentation of Go's text/template, fmt and sprig.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{Surroundings, TemplateError, render};

fn settings() -> Map<String, Value> {
    let value = json!({
        "s": "hello", "html": "<a&b>", "n": 8080, "f": 1.5, "big": 1_000_000, "t": true, "z": 0, "e": "", "null": null,
        "l": ["x", "y", "z"], "nums": [3, 1, 2], "none": [], "m": {"b": 2, "a": 1, "c": {"d": "deep"}},
        "users": [{"name": "ann", "port": 1}, {"name": "bob", "port": 2}],
    });
    let Value::Object(members) = value else { unreachable!("an object was written above") };
    members
}

fn rendered(files: &[(&str, &str)]) -> Result<String, Box<TemplateError>> {
    let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let settings = settings();
    let partial = |name: &str| Ok(if name == "p.txt" { "raw {{ .s }}".to_owned() } else { String::new() });
    let variable = |name: &str| (name == "HOME").then(|| "/root".to_owned());
    render(&files, &Surroundings { settings: &settings, partial: &partial, variable: &variable, colored: false })
}

fn one(text: &str) -> Result<String, Box<TemplateError>> {
    rendered(&[("dir/main.tmpl", text)])
}

fn assert_all(table: &[(&str, &str)]) {
    for (template, expected) in table {
        assert_eq!(one(template).as_deref().map_err(ToString::to_string), Ok(*expected), "{template}");
    }
}

fn refusal(template: &str) -> (String, (usize, usize), String) {
    let error = one(template).expect_err(template);
    (error.file.clone(), error.position, error.message.clone())
}

#[test]
fn actions_write_values_as_go_prints_them() {
    assert_all(&[
        ("a {{ .s }} b", "a hello b"),
        ("{{.n}} {{.f}} {{.big}} {{.t}}", "8080 1.5 1e+06 true"),
        ("{{ .missing }} {{ .missing.deeper }} {{ .null }}", "<no value> <no value> <no value>"),
        ("{{ .m }} {{ .l }} {{ .none }}", "map[a:1 b:2 c:map[d:deep]] [x y z] []"),
        ("{{ .m.c.d }} {{ $.m.c.d }} {{ (.m).c.d }}", "deep deep deep"),
        ("{{ 1 }} {{ -2 }} {{ 1.0 }} {{ 1e3 }} {{ 0x1F }} {{ 'a' }} {{ true }}", "1 -2 1 1000 31 97 true"),
        (r#"{{ "a\tb\"\u00e9" }} {{ `raw\n` }}"#, "a\tb\"é raw\\n"),
        (
            "{{ 100000.0 }} {{ 123456.5 }} {{ 1234567.0 }} {{ 0.0001 }} {{ 0.00001 }}",
            "100000 123456.5 1.234567e+06 0.0001 1e-05",
        ),
    ]);
}

#[test]
fn markers_trim_white_space_and_comments_vanish() {
    assert_all(&[
        ("a \n {{- .s -}} \n b", "ahellob"),
        ("a {{/* no {{ .s }} */}} b", "a  b"),
        ("a {{- /* no */ -}} b", "ab"),
        ("{{-3}}", "-3"),
        ("{{ .s\n| upper }}", "HELLO"),
        ("a }} b", "a }} b"),
    ]);
}

#[test]
fn conditions_use_gos_truth() {
    assert_all(&[
        ("{{ if .z }}a{{ else if .e }}b{{ else if .none }}c{{ else if .missing }}d{{ else }}e{{ end }}", "e"),
        ("{{ if .l }}y{{ end }}{{ if .m }}y{{ end }}{{ if .t }}y{{ end }}{{ if .f }}y{{ end }}", "yyyy"),
        ("{{ with .m.c }}{{ .d }}{{ $.s }}{{ end }}", "deephello"),
        ("{{ with .missing }}a{{ else }}{{ .s }}{{ end }}", "hello"),
        ("{{ with .missing }}a{{ else with .m }}{{ .a }}{{ else }}b{{ end }}", "1"),
        ("{{ with $x := .s }}{{ $x }}{{ . }}{{ end }}", "hellohello"),
        ("{{ if and .t .s }}{{ and .t .s }}{{ end }} {{ or .z .e .s }} {{ not .z }}", "hello hello true"),
        ("{{ and .z (fail \"never\") }}", "0"),
    ]);
}

#[test]
fn ranges_go_over_lists_maps_and_numbers() {
    assert_all(&[
        ("{{ range .l }}{{ . }},{{ end }}", "x,y,z,"),
        ("{{ range $i, $e := .l }}{{ if $i }},{{ end }}{{ $i }}{{ $e }}{{ end }}", "0x,1y,2z"),
        ("{{ range $k, $v := .m }}{{ $k }}={{ $v }};{{ end }}", "a=1;b=2;c=map[d:deep];"),
        ("{{ range $e := .l }}{{ $e }}{{ end }}", "xyz"),
        ("{{ range .none }}a{{ else }}none{{ end }}{{ range .missing }}a{{ else }}none{{ end }}", "nonenone"),
        ("{{ range .l }}{{ if eq . \"y\" }}{{ break }}{{ end }}{{ . }}{{ end }}", "x"),
        ("{{ range .l }}{{ if eq . \"y\" }}{{ continue }}{{ end }}{{ . }}{{ end }}", "xz"),
        ("{{ range 3 }}{{ . }}{{ end }}", "012"),
        ("{{ range .users }}{{ .name }}:{{ $.n }} {{ end }}", "ann:8080 bob:8080 "),
    ]);
}

#[test]
fn variables_are_scoped_and_assignable() {
    assert_all(&[
        ("{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}", "12"),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ end }}{{ $x }}", "1"),
        (
            "{{ $first := true }}{{ range .l }}{{ if not $first }},{{ end }}{{ $first = false }}{{ . }}{{ end }}",
            "x,y,z",
        ),
        ("{{ $d := dict }}{{ $_ := set $d \"k\" 1 }}{{ $d.k }}", "1"),
    ]);
}

#[test]
fn templates_call_each_other_by_name() {
    let main = r#"{{ define "in" }}[{{ . }}{{ $.x }}]{{ end }}{{ template "in" .m.c }}{{ template "e.tmpl" .s }}{{ block "b" .l }}{{ len . }}{{ end }}{{ template "in" }}"#;
    let expected = "[map[d:deep]<no value>]<hello>3[<no value><no value>]";
    assert_eq!(rendered(&[("main", main), ("t/e.tmpl", "<{{ . }}>")]).unwrap(), expected);
    assert_all(&[("{{ include \"p.txt\" }}|{{ include \"none\" }}|", "raw {{ .s }}||")]);
}

#[test]
fn comparisons_insist_on_equal_types() {
    assert_all(&[
        (
            "{{ eq .n 8080.0 }} {{ eq .s \"a\" \"hello\" }} {{ ne .s \"a\" }} {{ eq .missing \"a\" }}",
            "true true true false",
        ),
        ("{{ lt 1 2 }} {{ le 2 2 }} {{ gt \"b\" \"a\" }} {{ ge 1.5 .f }}", "true true true true"),
        ("{{ eq (int .n) 8080 }}", "true"),
    ]);
    assert!(refusal("{{ eq .n 8080 }}").2.contains("incompatible types for comparison"));
}

#[test]
fn printf_formats_like_gos_fmt() {
    assert_all(&[
        (r#"{{ printf "%s %v %q" .s .n .s }}"#, r#"hello 8080 "hello""#),
        (r#"{{ printf "%d|%05d|%-5d|%+d|%x|%X|%o|%b" 42 42 42 42 255 255 8 5 }}"#, "42|00042|42   |+42|ff|FF|10|101"),
        (r#"{{ printf "%-5s|%5s|%.2s|%x" "ab" "ab" "abc" "hi" }}"#, "ab   |   ab|ab|6869"),
        (
            r#"{{ printf "%f %.2f %8.3f %e %g %.3g" 1.5 1.5 1.5 1500.0 0.5 1234.5 }}"#,
            "1.500000 1.50    1.500 1.500000e+03 0.5 1.23e+03",
        ),
        (r#"{{ printf "%t %v %v %%" true .l .m }}"#, "true [x y z] map[a:1 b:2 c:map[d:deep]] %"),
        (r#"{{ printf "%d" .n }}"#, "%!d(float64=8080)"),
        (r#"{{ printf "%s %d" 5 "x" }}"#, "%!s(int=5) %!d(string=x)"),
        (
            r#"{{ printf "%d %d" 1 }}{{ printf "%d" 1 2 }}{{ printf "%!" 1 }}"#,
            "1 %!d(MISSING)1%!(EXTRA int=2)%!!(int=1)",
        ),
        (r#"{{ printf "%v %T %T" .null .n .l }}"#, "<nil> float64 []interface {}"),
        (r#"{{ print 1 2 "a" 3 4 }}{{ println "a" 1 }}"#, "1 2a3 4a 1\n"),
    ]);
}

#[test]
fn gos_own_functions_do_what_go_does() {
    assert_all(&[
        ("{{ len .l }} {{ len .m }} {{ len \"né\" }}", "3 3 3"),
        ("{{ index .l 1 }} {{ index .m \"c\" \"d\" }} {{ index .m \"nope\" }}", "y deep <no value>"),
        ("{{ html .html }} {{ js \"a'<\" }} {{ urlquery \"a b&c\" }}", "&lt;a&amp;b&gt; a\\'\\u003C a+b%26c"),
        (
            "{{ marshal .m }} {{ marshal .html }} {{ .l | marshal }}",
            "{\"a\":1,\"b\":2,\"c\":{\"d\":\"deep\"}} \"\\u003ca\\u0026b\\u003e\" [\"x\",\"y\",\"z\"]",
        ),
        (
            "{{ marshal .big }} {{ marshal 1e21 }} {{ marshal 0.0000001 }} {{ marshal .null }}",
            "1000000 1e+21 1e-7 null",
        ),
    ]);
}

#[test]
fn sprigs_staples_for_texts_work() {
    assert_all(&[
        ("{{ upper .s }} {{ .s | title }} {{ trim \" a \" }} {{ trimAll \"$\" \"$5$\" }}", "HELLO Hello a 5"),
        ("{{ trimPrefix \"he\" .s }} {{ trimSuffix \"lo\" .s }} {{ replace \"l\" \"L\" .s }}", "llo hel heLLo"),
        ("{{ contains \"ell\" .s }} {{ hasPrefix \"he\" .s }} {{ hasSuffix \"x\" .s }}", "true true false"),
        ("{{ repeat 3 \"ab\" }} {{ nospace \"a b c\" }}", "ababab abc"),
        ("{{ indent 2 \"a\\nb\" }}|{{ nindent 2 \"a\" }}", "  a\n  b|\n  a"),
        ("{{ quote .s 1 .null }} {{ squote .s }}", "\"hello\" \"1\" 'hello'"),
        ("{{ join \",\" .l }} {{ splitList \",\" \"a,b\" }} {{ (split \",\" \"a,b\")._1 }}", "x,y,z [a b] b"),
        ("{{ default \"d\" .missing }} {{ default \"d\" .z }} {{ default \"d\" .s }}", "d d hello"),
        ("{{ coalesce .e .missing .s }} {{ ternary \"a\" \"b\" .t }} {{ empty .e }}", "hello a true"),
        (
            "{{ b64enc .s }} {{ b64dec \"aGVsbG8=\" }} {{ env \"HOME\" }} {{ expandenv \"$HOME/${HOME}\" }}",
            "aGVsbG8= hello /root /root//root",
        ),
        ("{{ trunc 2 .s }} {{ trunc -2 .s }} {{ substr 1 3 .s }} {{ cat \"a\" 1 }}", "he lo el a 1"),
        ("{{ regexMatch \"^h.*o$\" .s }} {{ regexReplaceAll \"l(.)\" .s \"${1}L\" }}", "true helLo"),
    ]);
}

#[test]
fn sprigs_names_paths_and_urls_work() {
    assert_all(&[
        (
            "{{ snakecase \"FirstName\" }} {{ snakecase \"HTTPServer\" }} {{ snakecase \"NoHTTPS\" }}",
            "first_name http_server no_https",
        ),
        ("{{ snakecase \"GO PATH\" }} {{ kebabcase \"firstName\" }}", "go_path first-name"),
        (
            "{{ camelcase \"http_server\" }} {{ camelcase \"_complex__case_\" }} {{ camelcase \"some words\" }}",
            "HttpServer _Complex_Case_ SomeWords",
        ),
        ("{{ initials \"First Try\" }} {{ untitle \"First Try\" }} {{ swapcase \"aB\" }}", "FT first try Ab"),
        (
            "{{ abbrev 5 \"hello world\" }} {{ plural \"one\" \"many\" 1 }} {{ plural \"one\" \"many\" 2 }}",
            "he... one many",
        ),
        (
            "{{ base \"/a/b.txt\" }} {{ dir \"/a/b.txt\" }} {{ ext \"/a.d/b.txt\" }} {{ isAbs \"a\" }}",
            "b.txt /a .txt false",
        ),
        (
            "{{ clean \"a/./b/../../../c/\" }} {{ clean \"/../a//b\" }} {{ clean \"\" }} {{ base \"//\" }} {{ dir \"a\" }}",
            "../c /a/b . / .",
        ),
        (
            "{{ $u := urlParse \"HTTP://u:p@h.test:8080/a%20b?q=1#f\" }}{{ $u.scheme }} {{ $u.host }} {{ $u.hostname }} {{ $u.path }} {{ $u.query }} {{ $u.fragment }} {{ $u.userinfo }}",
            "http h.test:8080 h.test /a b q=1 f u:p",
        ),
        (
            "{{ (urlParse \"mailto:a@b\").opaque }} {{ (urlParse \"/a\").path }} {{ (urlParse \"http://[::1]:8/\").hostname }}",
            "a@b /a ::1",
        ),
    ]);
    assert!(refusal("{{ snakecase \"http2xx\" }}").2.contains("digits are not supported"));
}

#[test]
fn sprigs_checksums_and_times_work() {
    assert_all(&[
        ("{{ sha1sum \"abc\" }}", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("{{ sha256sum \"abc\" }}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("{{ sha512sum \"\" | trunc 16 }}", "cf83e1357eefb8bd"),
        (
            "{{ regexMatch \"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$\" uuidv4 }} {{ eq uuidv4 uuidv4 }}",
            "true false",
        ),
        (
            "{{ regexMatch \"^[a-zA-Z0-9]{70}$\" (randAlphaNum 70) }} {{ len (randNumeric 3) }} {{ len (randAlpha 0) }}",
            "true 3 0",
        ),
        (
            "{{ dateInZone \"Mon, 02 Jan 2006 15:04:05 MST -0700 Z07:00\" 86399 \"UTC\" }}",
            "Thu, 01 Jan 1970 23:59:59 UTC +0000 Z",
        ),
        (
            "{{ dateInZone \"Monday _2 January 06 3:4:5 PM 1/2 100%\" 0 \"UTC\" }}",
            "Thursday  1 January 70 12:0:0 AM 1/1 100%",
        ),
        (
            "{{ htmlDateInZone 0 \"UTC\" }} {{ unixEpoch 12 }} {{ gt now 1600000000 }} {{ len (date \"2006-01-02\" now) }}",
            "1970-01-01 12 true 10",
        ),
    ]);
    assert!(refusal("{{ dateInZone \"2006\" 0 \"Europe/Berlin\" }}").2.contains("is not supported"));
}

#[test]
fn versions_are_within_what_constraints_allow() {
    for (constraint, version, allowed) in [
        ("1.2.3", "1.2.3", true),
        ("=1.2.3", "v1.2.4", false),
        ("1.2", "1.2.9", true),
        ("1.2.x", "1.3.0", false),
        ("*", "7.0.0", true),
        ("!=1.2", "1.2.9", false),
        (">1.2", "1.2.9", false),
        (">1.2", "1.3.0", true),
        (">=1.2.3, <2.0.0", "1.9.9", true),
        (">= 1.2.3 < 2", "2.0.0", false),
        ("<=1.2", "1.2.9", true),
        ("<=1.2", "1.3.0", false),
        ("1.2 - 1.4.5", "1.4.5", true),
        ("1.2 - 1.4.5", "1.4.6", false),
        ("~1.2.3", "1.2.9", true),
        ("~1.2.3", "1.3.0", false),
        ("~1", "1.9.0", true),
        ("^1.2.3", "1.9.0", true),
        ("^1.2.3", "2.0.0", false),
        ("^0.2.3", "0.3.0", false),
        ("^0.2.3", "0.2.9", true),
        ("^0.0.3", "0.0.4", false),
        ("^0.0", "0.0.9", true),
        ("^0.0", "0.1.0", false),
        ("^0", "0.9.0", true),
        ("<1 || >=2", "2.1.0", true),
        (">=1.0.0", "1.1.0-rc.1", false),
        (">=1.0.0-0", "1.1.0-rc.1", true),
        (">1.0.0-rc.2", "1.0.0-rc.10", true),
        (">1.0.0-rc.2", "1.0.0", true),
    ] {
        let template = format!("{{{{ semverCompare \"{constraint}\" \"{version}\" }}}}");
        assert_eq!(one(&template).unwrap(), allowed.to_string(), "{constraint} of {version}");
    }
    for wrong in [
        "{{ semverCompare \"\" \"1.0.0\" }}",
        "{{ semverCompare \"<>1\" \"1.0.0\" }}",
        "{{ semverCompare \"1\" \"one\" }}",
    ] {
        assert!(one(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn sprigs_maps_are_copied_and_written_over() {
    assert_all(&[
        ("{{ $c := deepCopy .m }}{{ $_ := set $c.c \"d\" 1 }}{{ $c.c.d }} {{ .m.c.d }}", "1 deep"),
        (
            "{{ mergeOverwrite (dict \"a\" 1 \"b\" 2 \"c\" (dict \"x\" 1)) (dict \"a\" 3 \"b\" 0 \"c\" (dict \"y\" 2)) | toJson }}",
            "{\"a\":3,\"b\":2,\"c\":{\"x\":1,\"y\":2}}",
        ),
        (
            "{{ mustToJson .l }} {{ (mustFromJson \"[1]\") }} {{ mustFirst .l }} {{ chunk 2 .l }}",
            "[\"x\",\"y\",\"z\"] [1] x [[x y] [z]]",
        ),
        ("{{ maxf 1 2.5 }} {{ minf 1.5 2 }}", "2.5 1.5"),
        (
            "{{ regexSplit \",\" \"a,b,c\" -1 }} {{ regexSplit \",\" \"a,b,c\" 2 }} {{ regexReplaceAllLiteral \"a\" \"aba\" \"$1\" }} {{ regexQuoteMeta \"1.5\" }}",
            "[a b c] [a b,c] $1b$1 1\\.5",
        ),
    ]);
    assert!(refusal("{{ mustFromJson \"{\" }}").2.contains("not JSON"));
}

#[test]
fn sprigs_staples_for_lists_and_maps_work() {
    assert_all(&[
        ("{{ first .l }} {{ last .l }} {{ rest .l }} {{ initial .l }}", "x z [y z] [x y]"),
        ("{{ append .l \"w\" }} {{ prepend .l 1 }} {{ concat .l (list 1) }}", "[x y z w] [1 x y z] [x y z 1]"),
        (
            "{{ uniq (list 1 2 1) }} {{ has \"x\" .l }} {{ without .l \"x\" }} {{ reverse .l }}",
            "[1 2] true [y z] [z y x]",
        ),
        (
            "{{ $d := dict \"a\" 1 \"b\" .l }}{{ $d }} {{ get $d \"a\" }} {{ hasKey $d \"z\" }} {{ keys $d }} {{ values $d }}",
            "map[a:1 b:[x y z]] 1 false [a b] [1 [x y z]]",
        ),
        (
            "{{ merge (dict \"a\" 1 \"m\" (dict \"x\" 1)) (dict \"a\" 2 \"b\" 3 \"m\" (dict \"y\" 2)) }}",
            "map[a:1 b:3 m:map[x:1 y:2]]",
        ),
        (
            "{{ until 3 }} {{ untilStep 0 10 5 }} {{ seq 3 }} {{ seq 0 2 5 }} {{ seq 3 1 }}",
            "[0 1 2] [0 5] 1 2 3 0 2 4 3 2 1",
        ),
        ("{{ slice .l 1 }} {{ slice .l 0 2 }} {{ sortAlpha (list \"b\" \"a\") }}", "[y z] [x y] [a b]"),
        ("{{ dig \"c\" \"d\" \"none\" .m }} {{ dig \"c\" \"q\" \"none\" .m }} {{ dig \"x\" 5 .m }}", "deep none 5"),
    ]);
}

#[test]
fn sprigs_staples_for_numbers_and_types_work() {
    assert_all(&[
        (
            "{{ typeOf (add 1 1) }} {{ has (add 1 1) (list 2) }} {{ eq (add 1 1) 2 }} {{ round 1.255 1 }}",
            "int64 false true 1.3",
        ),
        ("{{ range (add 1 1) }}{{ . }}{{ end }} {{ index .l (add 1 1) }} {{ printf \"%03d\" (add 1 1) }}", "01 z 002"),
        ("{{ add .n 1 }} {{ add1 1 }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 2 }}", "8081 2 3 24 3 1"),
        (
            "{{ max 1 3 2 }} {{ min 3 1 }} {{ int .n }} {{ int64 \"12\" }} {{ float64 \"1.5\" }} {{ atoi \"7\" }}",
            "3 1 8080 12 1.5 7",
        ),
        (
            "{{ kindOf .n }} {{ typeOf .l }} {{ kindOf .m }} {{ typeOf 1 }} {{ kindOf .null }}",
            "float64 []interface {} map int invalid",
        ),
        ("{{ toString .n }} {{ toJson .l }} {{ (fromJson \"{\\\"a\\\":[1]}\").a }}", "8080 [\"x\",\"y\",\"z\"] [1]"),
        ("{{ toPrettyJson .m.c }} {{ toRawJson .html }}", "{\n  \"d\": \"deep\"\n} \"<a&b>\""),
    ]);
}

#[test]
fn errors_name_file_line_and_column() {
    let file = "dir/main.tmpl".to_owned();
    for (template, position, message) in [
        ("a\nb {{ nope 1 }}", (2, 6), "function \"nope\" not defined"),
        ("{{ genCA }}", (1, 4), "the function \"genCA\" is not supported"),
        ("é {{ $x }}", (1, 6), "undefined variable \"$x\""),
        ("{{ .s", (1, 1), "unclosed action"),
        ("{{ if .s }}", (1, 12), "unexpected end of file"),
        ("{{ end }}", (1, 1), "unexpected {{end}}"),
        ("{{ \"a }}", (1, 4), "unterminated quoted string"),
        ("{{/* a", (1, 1), "unclosed comment"),
        ("{{ (1 }}", (1, 4), "unclosed left paren"),
        ("{{ }}", (1, 4), "missing value for command"),
        ("{{ break }}", (1, 1), "outside"),
        ("{{ range .l }}{{ block \"b\" . }}{{ else }}", (1, 32), "unexpected {{else}}"),
        ("\n{{ upper .missing }}", (2, 4), "upper: invalid value; expected string"),
        ("{{ upper .n }}", (1, 4), "wrong type for value; expected string; got float64"),
        ("{{ .s.x }}", (1, 4), "can't evaluate field x in type string"),
        ("{{ .null.x }}", (1, 4), "nil pointer evaluating interface {}.x"),
        ("{{ template \"gone\" }}", (1, 1), "template \"gone\" not defined"),
        ("{{ range .f }}{{ end }}", (1, 10), "range can't iterate over 1.5"),
        ("{{ index .l 7 }}", (1, 4), "index out of range: 7"),
        ("{{ until .n }}", (1, 4), "expected int; got float64"),
        ("{{ until (add 1 1) }}", (1, 4), "expected int; got int64"),
        ("{{ until (add 1 1) }}", (1, 4), "expected int; got int64"),
        ("{{ div 1 0 }}", (1, 4), "divide by zero"),
        ("{{ upper }}", (1, 4), "wrong number of args: want 1 got 0"),
        ("{{ printf \"%[1]d\" 1 }}", (1, 4), "not supported"),
        ("{{ 1 | 2 }}", (1, 8), "non executable command"),
        ("{{ .s .s }}", (1, 4), "s is not a method but has arguments"),
    ] {
        let (found_file, found_position, found) = refusal(template);
        assert_eq!((found_file, found_position), (file.clone(), position), "{template}: {found}");
        assert!(found.contains(message), "{template}: {found}");
    }
}

#[test]
fn an_error_in_a_called_template_names_that_file() {
    let error = rendered(&[("main", "{{ template \"e.tmpl\" . }}"), ("t/e.tmpl", "\n{{ .s.x }}")]).unwrap_err();
    assert_eq!((error.file.as_str(), error.position), ("t/e.tmpl", (2, 4)));
}

#[test]
fn whatever_would_not_end_is_refused() {
    for (template, message) in [
        (r#"{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}"#, "call each other more than 100"),
        ("{{ repeat 1000000000 \"abcdefgh\" }}", "more than 64 MiB"),
        ("{{ range until 1000000 }}{{ range until 1000000 }}{{ end }}{{ end }}", "more than 2000000 steps"),
        ("{{ until 10000000 }}", "more than 1048576 elements"),
        ("{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ $d }}", "nests more than 200 deep"),
        ("{{ $l := list }}{{ range until 1000 }}{{ $l = list $l }}{{ end }}", "nests more than 200 deep"),
        ("{{ $s := \"ab\" }}{{ range until 40 }}{{ $s = print $s $s }}{{ end }}", "more than 64 MiB"),
        ("{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ $l }}", "more than 64 MiB"),
        ("{{ printf \"%9999999d\" 1 }}", "more than 1000"),
    ] {
        assert!(refusal(template).2.contains(message), "{template}: {}", refusal(template).2);
    }
    let deep = "{{ if true }}".repeat(200) + &"{{ end }}".repeat(200);
    assert!(refusal(&deep).2.contains("nest more than"));
    let deep = format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(refusal(&deep).2.contains("nest more than"));
}

#[test]
fn deep_calls_through_deep_blocks_end_before_the_stack_does() {
    let open = "{{ if true }}{{ range 1 }}{{ with 1 }}".repeat(20);
    let body = open + "{{ template \"a\" (print (print (print 1))) }}" + &"{{ end }}".repeat(60);
    let message = refusal(&format!("{{{{ define \"a\" }}}}{body}{{{{ end }}}}{{{{ template \"a\" }}}}")).2;
    assert!(message.contains("nest more than 300"), "{message}");
}

#[test]
fn a_chain_of_a_million_maps_is_dropped_without_deep_recursion() {
    let template = "{{ $d := dict }}{{ range until 300000 }}{{ $d = dict \"d\" $d }}{{ end }}ok";
    assert_eq!(one(template).unwrap(), "ok");
}

fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "{{",
            "}}",
            "{{-",
            "-}}",
            " ",
            "if ",
            "else ",
            "end",
            "range ",
            "with ",
            "define ",
            "template ",
            "block ",
            "break",
            "continue",
            "$x",
            ":=",
            "=",
            ".s",
            ".l",
            ".m",
            ".",
            "|",
            "(",
            ")",
            ",",
            "\"a\"",
            "`",
            "'",
            "1",
            "-2.5",
            "printf ",
            "\"%5.2d%q\"",
            "index ",
            "set ",
            "dict ",
            "list ",
            "nil",
            "{{/*",
            "*/}}",
            "é",
            "{{ if .l }}",
            "{{ range $i, $e := .m }}",
            "{{ end }}",
            "{{ $x := .n }}",
            "{{ . }}",
        ])
        .prop_map(str::to_owned),
    ]
}

/// A call of any function with any arguments.
fn call() -> impl Strategy<Value = String> {
    let names = super::functions::names();
    let argument = prop::sample::select(vec![
        ".s",
        ".n",
        ".f",
        ".l",
        ".m",
        ".users",
        ".null",
        ".missing",
        ".e",
        "1",
        "-1",
        "9223372036854775807",
        "0",
        "1.5",
        "\"%v %d %s %q %x %5.1f\"",
        "\"é\"",
        "\"\"",
        "true",
        "(list 1 nil)",
        "(dict \"a\" nil)",
        "nil",
        "\"(a)|\\\\\"",
    ]);
    (prop::sample::select(names), prop::collection::vec(argument, 0..5))
        .prop_map(|(name, arguments)| format!("{{{{ {name} {} }}}}", arguments.join(" ")))
}

proptest! {
    #[test]
    fn no_text_makes_the_engine_panic(parts in prop::collection::vec(fragment(), 0..30)) {
        let _any_outcome = one(&parts.concat());
    }

    #[test]
    fn no_arguments_make_a_function_panic(calls in prop::collection::vec(call(), 1..4)) {
        let _any_outcome = one(&calls.concat());
    }

    #[test]
    fn text_without_actions_is_rendered_as_it_is(text in "[^{]*") {
        prop_assert_eq!(one(&text).unwrap(), text);
    }

    #[test]
    fn marshal_writes_what_a_json_parser_reads_back(text in any::<String>(), number in any::<f64>()) {
        prop_assume!(number.is_finite());
        let value = json!({ "t": text, "n": number });
        let settings = Map::from_iter([("v".to_owned(), value.clone())]);
        let surroundings = Surroundings { settings: &settings, partial: &|_| Ok(String::new()), variable: &|_| None, colored: false };
        let written = render(&[("m".to_owned(), "{{ marshal .v }}".to_owned())], &surroundings).unwrap();
        let read: Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(&read["t"], &value["t"]);
        // The parser may miss the last bit, so the text of the number is judged.
        let digits = written.trim_start_matches("{\"n\":").split(',').next().unwrap();
        prop_assert_eq!(digits.parse(), Ok(number));
    }
}
