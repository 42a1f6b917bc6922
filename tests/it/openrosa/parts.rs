//! How the parts of a sending are called: Collect writes the name of a file twice, other clients once.

use super::{Site, jpeg, told, visit};
use crate::client::Request;

/// A sending whose only file has this name and this name of its part.
fn sending(key: &str, form: &str, part: &str, file: &str, content: &[u8]) -> Request {
    let mut body = format!(
        "--x\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; filename=\"a.xml\"\r\nContent-Type: text/xml\r\n\r\n{form}\r\n--x\r\nContent-Disposition: form-data; name=\"{part}\"{file}\r\nContent-Type: image/jpeg\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n--x--\r\n");
    Request::new("POST", format!("/key/{key}/submission")).body("multipart/form-data; boundary=x", body)
}

#[test]
fn a_file_is_known_by_either_name_of_its_part() {
    let site = Site::on("sqlite::memory:");
    let key = site.key();
    let photo = jpeg(1000);
    for (number, (part, file)) in [
        ("1.jpg", "; filename=\"1.jpg\""),
        ("1.jpg", ""),
        ("1.jpg", "; filename=\"IMG_0001.JPG\""),
        ("files[]", "; filename=\"1.jpg\""),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("uuid:{number}");
        let form = visit(&id, &[("city", "230700"), ("photo", "1.jpg")]);
        let sent = site.app.send(&sending(&key, &form, part, file, &photo));
        assert_eq!((sent.status, told(&sent).as_str()), (201, "已收到。"), "{part}{file}");
        assert_eq!(site.files(&id), [("1.jpg".to_owned(), "received".to_owned())]);
    }
    let form = visit("uuid:other", &[("city", "230700"), ("photo", "1.jpg")]);
    let other = site
        .app
        .send(&sending(&key, &form, "2.jpg", "; filename=\"3.jpg\"", &photo));
    assert!(
        told(&other).contains("3.jpg") && told(&other).contains("1 个附件未收到"),
        "{}",
        told(&other)
    );
}
