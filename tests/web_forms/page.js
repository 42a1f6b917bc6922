// The page that shows a form: the component as a host application uses it.
import { OdkWebForm, webFormsPlugin } from "@getodk/web-forms";
import { createApp, h } from "vue";

/** Shows a form and keeps what is sent. `attachment` gives the content of an attached file, by its name. */
window.show = (formXml, attachments) => {
  window.sent = [];
  const fetchFormAttachment = async (url) => {
    const name = new URL(url).pathname.split("/").pop();
    const content = attachments[name];
    return content === undefined
      ? new Response("", { status: 404 })
      : new Response(content, { status: 200, headers: { "Content-Type": name.endsWith(".csv") ? "text/csv" : "text/xml" } });
  };
  const submit = (payload, done) => {
    window.sent.push(payload);
    done({ next: undefined });
  };
  const app = createApp({
    render: () => h(OdkWebForm, { formXml, fetchFormAttachment, missingResourceBehavior: "BLANK", onSubmit: submit }),
  });
  window.problems = [];
  app.config.errorHandler = (error) => window.problems.push(String(error?.message ?? error));
  app.use(webFormsPlugin);
  app.mount("#form");
};

/** The XML of what was sent last. */
window.sentXml = () => window.sent.at(-1).data[0].instanceFile.text();

/** Posts what was sent last as the component hands it over; the answer's status and text. */
window.post = async (address) => {
  const answers = [];
  for (const data of window.sent.at(-1).data) {
    const answer = await fetch(address, { method: "POST", headers: { "X-OpenRosa-Version": "1.0" }, body: data });
    answers.push({ status: answer.status, text: await answer.text() });
  }
  return answers;
};
