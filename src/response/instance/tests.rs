//! What form clients send, and what is read of it.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Head, InstanceError, Names, read, write};
use crate::definition::{Definition, Language};
use crate::response::{Answer, Answers, Form, InstanceId, ProblemCode};

const SURVEY: &str = r#"
survey: pilot
version: "2"
title: Pilot
timezone: Asia/Shanghai
languages: {en: English}
choices:
  partner: {firm: {en: Firm}, school: {en: School}}
settings: {instance_name: "${name}"}
questions:
  - {type: start, name: began}
  - {type: audit, name: log}
  - {type: text, name: name, label: {en: Name}}
  - type: decimal
    name: turnover
    label: {en: Turnover}
    missing: [dont_know, refused]
    warn_if:
      - {test: . > 100, message: {en: Really so much?}}
  - {type: integer, name: persons, label: {en: Persons}, constraint: . > 5, constraint_message: {en: More than five.}}
  - {type: select_multiple partner, name: partners, label: {en: Partners}, missing: [refused]}
  - {type: rank partner, name: ranked, label: {en: Ranked}}
  - {type: geopoint, name: place, label: {en: Place}}
  - {type: datetime, name: at, label: {en: At}}
  - {type: image, name: photo, label: {en: Photo}, default: form.png}
  - {type: calculate, name: same, data_type: boolean, calculation: "${turnover} = 1"}
  - type: group
    name: more
    label: {en: More}
    questions:
      - {type: note, name: thanks, label: {en: Thanks}}
      - type: repeat
        name: products
        label: {en: Products}
        repeat_count: ${persons} + 1
        questions:
          - {type: decimal, name: share, label: {en: Share}, missing: [dont_know]}
          - type: repeat
            name: markets
            label: {en: Markets}
            questions:
              - {type: text, name: country, label: {en: Country}}
"#;

fn form() -> Arc<Form> {
    Form::new(Definition::from_yaml("pilot.yaml", SURVEY).unwrap().value)
}

/// The answers in an instance of the pilot, and each problem as `number path value`.
fn answers(inner: &str) -> (Json, Vec<String>) {
    let (answers, problems) = read(format!("<data id='pilot'>{inner}</data>").as_bytes(), &form()).unwrap();
    let brief = problems.iter().map(|problem| {
        let value = problem.value.as_deref().unwrap_or_default();
        format!("{} {} {value}", problem.code.number(), problem.path)
            .trim_end()
            .to_owned()
    });
    (answers.received_json(), brief.collect())
}

#[test]
fn what_an_instance_says_of_itself_is_read_in_any_habit_of_namespaces() {
    let expected = Head {
        form_id: "pilot".to_owned(),
        version: "2".to_owned(),
        instance_id: Some("uuid:b".to_owned()),
        deprecated_id: Some("uuid:a".to_owned()),
        encrypted: false,
    };
    for xml in [
        "<data id='pilot' version='2'><meta><instanceID>uuid:b</instanceID><deprecatedID>uuid:a</deprecatedID></meta></data>",
        "<?xml version='1.0' encoding='UTF-8' ?><data xmlns='http://x.org/pilot' xmlns:orx='http://openrosa.org/xforms' id='pilot' version='2'><orx:meta><orx:instanceID> uuid:b </orx:instanceID><orx:deprecatedID>uuid:a</orx:deprecatedID></orx:meta></data>",
        "<f:data xmlns:f='f' f:version='2' id='pilot'><q/><x:meta xmlns:x='y'><x:instanceID>uuid:b</x:instanceID><x:deprecatedID>uuid:a</x:deprecatedID></x:meta></f:data>",
        "<data xmlns='pilot' version='2' instanceID='uuid:b'><meta><instanceID/><deprecatedID>uuid:a</deprecatedID></meta></data>\n<!-- end -->",
    ] {
        assert_eq!(Head::read(xml.as_bytes()).as_ref(), Ok(&expected), "{xml}");
    }
    let encrypted = "<data xmlns='http://opendatakit.org/submissions' encrypted='yes' id='pilot'><base64EncryptedKey>x</base64EncryptedKey></data>";
    assert!(Head::read(encrypted.as_bytes()).unwrap().encrypted);
}

#[test]
fn answers_are_read_as_clients_write_them() {
    let (json, problems) = answers(
        "<began>2026-03-01T08:30:00.000+08:00</began><name>A &amp; <![CDATA[<B>]]> &#x4e2d;&#55357;&#xDE00;</name>
         <x:turnover xmlns:x='y'>3.33E-6</x:turnover><persons>7</persons><partners>firm school</partners>
         <ranked>school firm</ranked><place>47.1 128.2 0.0 4.5</place><at>2026-03-01T00:30:00Z</at><photo>1.jpg</photo>
         <same>1</same><more><thanks/><products_count>2</products_count>
           <products jr:template=''><share>9</share></products>
           <products><share>60</share><markets><country>CN</country></markets><markets/></products>
           <products><share/><share_missing>dont_know</share_missing></products></more>
         <meta><log>audit.csv</log><instanceID>uuid:b</instanceID><instanceName>A</instanceName><userID>u</userID></meta>",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(
        json,
        json!({
            "began": "2026-03-01T08:30:00.000+08:00", "log": "audit.csv", "name": "A & <B> 中😀", "turnover": 0.000_003_33,
            "persons": 7, "partners": ["firm", "school"], "ranked": ["school", "firm"], "place": "47.1 128.2 0.0 4.5",
            "at": "2026-03-01T00:30:00.000+00:00", "photo": "1.jpg", "same": true,
            "more": {"products": [
                {"share": 60, "markets": [{"country": "CN"}, {}]},
                {"share": {"missing": "dont_know"}},
            ]},
        })
    );
}

#[test]
fn codes_and_confirmations_come_back_to_their_questions() {
    assert_eq!(
        answers("<turnover_missing>refused</turnover_missing><turnover/><partners>refused</partners>"),
        (
            json!({"turnover": {"missing": "refused"}, "partners": {"missing": "refused"}}),
            vec![]
        )
    );
    assert_eq!(
        answers("<turnover>120</turnover><turnover_warn1>OK</turnover_warn1>"),
        (json!({"turnover": 120}), vec!["404 /turnover OK".to_owned()])
    );
    for (inner, problem) in [
        (
            "<turnover>1</turnover><turnover_missing>refused</turnover_missing>",
            "214 /turnover refused",
        ),
        (
            "<turnover>1</turnover><turnover_missing>not_applicable</turnover_missing>",
            "212 /turnover not_applicable",
        ),
        (
            "<turnover>1</turnover><turnover_missing>no</turnover_missing>",
            "213 /turnover no",
        ),
    ] {
        assert_eq!(answers(inner), (json!({"turnover": 1}), vec![problem.to_owned()]));
    }
}

#[test]
fn what_cannot_be_read_stays_as_it_is_and_what_is_not_asked_is_named() {
    let (json, problems) = answers(
        "<persons>7.5</persons><nmae>A</nmae><rooms><a>1</a><b>2</b></rooms><name>A<x>B</x></name><name>A</name>
         <name>C</name>loose<photo>jr://images/form.png</photo><country>CN</country><place>here</place>",
    );
    assert_eq!(
        json,
        json!({"persons": "7.5", "name": "A", "photo": "jr://images/form.png", "place": "here"})
    );
    assert_eq!(
        problems,
        [
            "203 /persons 7.5",
            "102 /nmae A",
            "101 /rooms 12",
            "101 /name/x B",
            "108 /name C",
            "109  loose",
            "102 /country CN",
            "210 /place here"
        ]
    );
    let (_, problems) = answers(&"<rooms/>".repeat(150));
    assert_eq!((problems.len(), problems.last().unwrap().as_str()), (101, "110"));
}

#[test]
fn text_that_could_not_be_read_breaks_no_other_rule() {
    use crate::response::{Door, Received, process};
    let form = form();
    let at = chrono::DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap();
    for (text, codes) in [
        ("four", vec![ProblemCode::WrongType]),
        ("4", vec![ProblemCode::Constraint]),
    ] {
        let xml = format!("<data id='pilot'><persons>{text}</persons></data>");
        let (answers, problems) = read(xml.as_bytes(), &form).unwrap();
        let processed = process(
            Received::new(answers, problems, Door::OpenRosa, at),
            &crate::expression::WallClock,
        );
        let about_persons = processed.problems.iter().filter(|problem| problem.path == "/persons");
        assert_eq!(about_persons.map(|problem| problem.code).collect::<Vec<_>>(), codes);
    }
}

#[test]
fn whatever_encoding_it_is_in_it_is_read_or_refused() {
    let xml = "<data id='问卷'/>";
    let utf16 = |encode: fn(u16) -> [u8; 2]| xml.encode_utf16().flat_map(encode).collect::<Vec<u8>>();
    let mut declared = b"<?xml version='1.0' encoding='GB18030'?>".to_vec();
    declared.extend_from_slice(&encoding_rs::GB18030.encode(xml).0);
    for bytes in [
        xml.as_bytes().to_vec(),
        [b"\xef\xbb\xbf", xml.as_bytes()].concat(),
        utf16(u16::to_le_bytes),
        [b"\xff\xfe".to_vec(), utf16(u16::to_le_bytes)].concat(),
        [b"\xfe\xff".to_vec(), utf16(u16::to_be_bytes)].concat(),
        declared,
        format!("<?xml version='1.0' encoding='utf-16'?>{xml}").into_bytes(),
    ] {
        assert_eq!(Head::read(&bytes).unwrap().form_id, "问卷", "{bytes:?}");
    }
    for (bytes, encoding) in [
        (&b"<data id='\xff'/>"[..], "UTF-8"),
        (b"<?xml version='1.0' encoding='klingon'?><data id='a'/>", "klingon"),
    ] {
        let encoding = encoding.to_owned();
        assert_eq!(Head::read(bytes), Err(InstanceError::NotEncoded { encoding }));
    }
}

#[test]
fn what_is_no_instance_is_refused_with_its_place() {
    let deep = format!("<data id='a'>{}", "<a>".repeat(200_000));
    let wide = format!("<data id='a'>{}</data>", "<a/>".repeat(600_000));
    let large = vec![b' '; 20_000_000];
    let bomb =
        "<?xml version='1.0'?>\n<!DOCTYPE data [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;'>]>\n<data id='a'>&b;</data>";
    for (xml, place) in [
        (bomb, "line 2, column 1: a document type"),
        (
            "<data id='a'>&b;</data>",
            "line 1, column 14: this is not valid XML (the entity '&b;' is not known)",
        ),
        (
            "<data id='a'><b></a></data>",
            "line 1, column 17: this is not valid XML",
        ),
        ("<data id='a'>\n中<b", "line 2, column 2: this is not valid XML"),
        (
            "<data id='a'><b>",
            "line 1, column 17: this is not valid XML (it ends too early)",
        ),
        (
            "<data id='a'/><data/>",
            "line 1, column 22: this is not valid XML (something follows",
        ),
        (
            "<data id='a'/>x",
            "line 1, column 15: this is not valid XML (there is text outside",
        ),
        (
            "<data id='a'><b c=d/></data>",
            "line 1, column 14: this is not valid XML",
        ),
        (
            "<data id='a'>&#55357;x</data>",
            "line 1, column 14: this is not valid XML (half of a character)",
        ),
        ("<data id='a'>&#0;</data>", "line 1, column 14: this is not valid XML"),
        ("<data id='a'>\0</data>", "line 1, column 14: this is not valid XML"),
        ("hello", "line 1, column 1: this is not valid XML"),
        ("", "line 1, column 1: this is not valid XML (there is no element)"),
        ("<data id=' '/>", "the outermost element <data> has no attribute 'id'"),
        (&deep, "line 1, column 311: elements are nested more than 100 deep"),
        (&wide, "these answers have more than 500000 elements"),
        (
            std::str::from_utf8(&large).unwrap(),
            "these answers are larger than 16 MB",
        ),
    ] {
        let error = Head::read(xml.as_bytes()).unwrap_err();
        let start: String = xml.chars().take(60).collect();
        assert!(error.message(Language::English).starts_with(place), "{start}: {error}");
        assert!(error.message(Language::Chinese).ends_with('。'));
        if !place.starts_with("the outermost") {
            assert_eq!(read(xml.as_bytes(), &form()).unwrap_err(), error, "{start}");
        }
    }
}

#[test]
fn too_many_entries_are_cut_off_with_one_problem() {
    let (answers, problems) = read(
        format!("<data id='pilot'><more>{}</more></data>", "<products/>".repeat(1_200)).as_bytes(),
        &form(),
    )
    .unwrap();
    let products = answers.form().find("products").unwrap();
    let more = answers.repeated(InstanceId::ROOT, products);
    assert_eq!(more.len(), 1_000);
    assert_eq!(
        problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
        [ProblemCode::TooManyInstances]
    );
}

/// The carriage return is written as a reference: a bare one would be read as a line break.
const WRITTEN: &str = r#"<?xml version="1.0"?>
<data id="pilot" version="2" xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms" xmlns:odk="http://www.opendatakit.org/xforms">
  <began/>
  <name> a &lt;b&gt;&#13;
&amp;</name>
  <turnover/>
  <turnover_missing>refused</turnover_missing>
  <turnover_warn1/>
  <persons>1</persons>
  <partners>refused</partners>
  <ranked/>
  <place/>
  <at/>
  <photo/>
  <same/>
  <more>
    <thanks/>
    <products_count/>
    <products>
      <share>0.1</share>
      <share_missing/>
      <markets>
        <country>中</country>
      </markets>
      <markets>
        <country/>
      </markets>
    </products>
    <products>
      <share/>
      <share_missing>dont_know</share_missing>
    </products>
  </more>
  <meta>
    <log>audit.csv</log>
    <instanceID>uuid:b</instanceID>
    <deprecatedID>uuid:a</deprecatedID>
    <instanceName/>
  </meta>
</data>
"#;

#[test]
fn what_is_written_has_the_nodes_of_the_form_and_reads_back_as_it_was() {
    let form = form();
    let (answers, problems) = Answers::from_json(
        &form,
        &json!({
            "name": " a <b>\r\n&", "turnover": {"missing": "refused"}, "persons": 1, "partners": {"missing": "refused"}, "log": "audit.csv",
            "more": {"products": [{"share": 0.1, "markets": [{"country": "中"}, {}]}, {"share": {"missing": "dont_know"}}]},
        }),
    );
    assert_eq!(problems, []);
    let names = Names {
        instance_id: "uuid:b",
        deprecated_id: Some("uuid:a"),
    };
    let xml = write(&answers, &names);
    assert_eq!(xml, WRITTEN);
    let head = Head::read(xml.as_bytes()).unwrap();
    assert_eq!((head.form_id.as_str(), head.version.as_str()), ("pilot", "2"));
    assert_eq!(
        (head.instance_id.as_deref(), head.deprecated_id.as_deref()),
        (Some("uuid:b"), Some("uuid:a"))
    );
    let (again, problems) = read(xml.as_bytes(), &form).unwrap();
    assert_eq!(problems, []);
    assert_eq!(again.received_json(), answers.received_json());
    assert_eq!(
        again.get(form.find("turnover").unwrap()),
        &Answer::Missing(crate::definition::MissingCode::Refused)
    );
}
