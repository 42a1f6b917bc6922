//! The same response as a phone sends it.

use super::client::Request;

const BOUNDARY: &str = "OkHttp";

/// A filled-in form without files, as Collect sends it, with what `app::response` answers.
pub fn request(token: &str, instance_id: &str) -> Request {
    let form = format!(
        "<?xml version='1.0' ?><data xmlns:jr=\"http://openrosa.org/javarosa\" xmlns:orx=\"http://openrosa.org/xforms\" \
         id=\"firm\" version=\"1\"><org_name>Works {instance_id}</org_name><credit_code /><city>230700</city>\
         <contact>Li Ming</contact><founded>1998-04-01</founded><turnover>1200.5</turnover><turnover_missing />\
         <has_rd>1</has_rd><research><rd_inhouse>60</rd_inhouse><rd_inhouse_warn1 /></research>\
         <products><product>timber</product><share>70</share></products>\
         <products><product>berries</product><share>30</share></products>\
         <orx:meta><orx:instanceID>{instance_id}</orx:instanceID></orx:meta></data>"
    );
    let body = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"xml_submission_file\"; filename=\"firm.xml\"\r\n\
         Content-Type: text/xml\r\nContent-Length: {}\r\n\r\n{form}\r\n--{BOUNDARY}--\r\n",
        form.len()
    );
    Request::new("POST", format!("/key/{token}/submission?deviceID=collect%3Abench"))
        .body(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
}
