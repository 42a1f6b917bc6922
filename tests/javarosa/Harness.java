import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.SelectChoice;
import org.javarosa.core.model.condition.EvaluationContext;
import org.javarosa.core.model.condition.IFunctionHandler;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.MultipleItemsData;
import org.javarosa.core.model.data.SelectMultiData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.FormInstance;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.model.instance.TreeReference;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.parse.XFormParser;
import org.javarosa.xform.util.XFormAnswerDataParser;
import org.javarosa.xform.util.XFormUtils;
import org.opendatakit.validate.ErrorListener;
import org.opendatakit.validate.FormValidator;
import org.opendatakit.validate.StubPropertyManager;

/**
 * Fills in forms with JavaRosa, the engine of ODK Collect, as a person with Collect would.
 *
 * <p>Each line of standard input is a request in JSON, each line of standard output its answer:
 *
 * <pre>
 * {"validate": XFORM}                    -> {"errors": [..]}              what ODK Validate says of a form
 * {"form": XFORM}                        -> {}                            the form that the requests after it are about
 * {"fill": {PATH: TEXT}, "add": [INT]}   -> {"nodes": .., "xml": ..}      an interview
 * {"open": INSTANCE}                     -> {"nodes": .., "xml": ..}      an instance opened for editing, and finished
 * </pre>
 *
 * An answer to a select is a list of numbers, each of which picks one of the choices that are offered then. "add" says
 * how many entries the next repeat that is come to gets, and so on in a circle. A request that fails is answered
 * {"error": ..}.
 */
public final class Harness {
    private static final ObjectMapper JSON = new ObjectMapper();

    private FormDef form;
    private FormInstance pristine;

    public static void main(String[] arguments) throws Exception {
        PrintStream answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        // What the libraries print is not an answer.
        System.setOut(System.err);
        new JavaRosaCoreModule().registerModule();
        new XFormsModule().registerModule();
        PropertyManager.setPropertyManager(new StubPropertyManager());
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Harness harness = new Harness();
        for (String line = requests.readLine(); line != null; line = requests.readLine()) {
            ObjectNode answer;
            try {
                answer = harness.answer(JSON.readTree(line));
            } catch (Exception | StackOverflowError error) {
                answer = JSON.createObjectNode().put("error", error.toString());
            }
            answers.println(JSON.writeValueAsString(answer));
            answers.flush();
        }
    }

    private ObjectNode answer(JsonNode request) throws Exception {
        if (request.has("validate")) {
            return validate(request.get("validate").asText());
        }
        if (request.has("form")) {
            load(request.get("form").asText());
            return JSON.createObjectNode();
        }
        if (request.has("fill")) {
            return fill(request.get("fill"), request.get("add"));
        }
        return open(request.get("open").asText());
    }

    private static ObjectNode validate(String xform) {
        ArrayNode errors = JSON.createArrayNode();
        FormValidator validator = new FormValidator();
        validator.setErrorListener(new ErrorListener() {
            @Override
            public void error(Object message) {
                errors.add(String.valueOf(message));
            }

            @Override
            public void error(Object message, Throwable cause) {
                errors.add(message + ": " + cause);
            }

            @Override
            public void info(Object message) {}
        });
        validator.validate(xform.getBytes(StandardCharsets.UTF_8));
        ObjectNode answer = JSON.createObjectNode();
        answer.set("errors", errors);
        return answer;
    }

    private void load(String xform) throws Exception {
        form = XFormUtils.getFormFromInputStream(
            new ByteArrayInputStream(xform.getBytes(StandardCharsets.UTF_8)));
        pristine = form.getMainInstance().clone();
        form.addFunctionHandler(new EmptyList());
    }

    /** An interview: forward to the end, and again while that changes anything, since answers can open questions before them. */
    private ObjectNode fill(JsonNode given, JsonNode add) throws Exception {
        form.setInstance(pristine.clone());
        form.initialize(true, new InstanceInitializationFactory());
        Walk walk = new Walk(given, add);
        byte[] before = null;
        for (int times = 0; times < 6; times++) {
            walk.through();
            byte[] now = new XFormSerializingVisitor().serializeInstance(form.getMainInstance());
            if (Arrays.equals(before, now)) {
                break;
            }
            before = now;
        }
        return finish(walk);
    }

    /** As Collect opens what was sent for editing. */
    private ObjectNode open(String xml) throws Exception {
        byte[] bytes = xml.getBytes(StandardCharsets.UTF_8);
        TreeElement saved = XFormParser.restoreDataModel(bytes, null).getRoot();
        TreeElement root = pristine.clone().getRoot().deepCopy(true);
        if (!saved.getName().equals(root.getName()) || saved.getMult() != 0) {
            throw new IllegalStateException("the root element is " + saved.getName());
        }
        root.populate(saved, form);
        form.setInstance(pristine.clone());
        form.getMainInstance().setRoot(root);
        form.initialize(false, new InstanceInitializationFactory());
        return finish(new Walk(JSON.createObjectNode(), null));
    }

    private ObjectNode finish(Walk walk) throws Exception {
        walk.controller.finalizeFormEntry();
        ObjectNode nodes = JSON.createObjectNode();
        report(form.getMainInstance().getRoot(), "", true, nodes);
        ObjectNode answer = JSON.createObjectNode();
        answer.set("nodes", nodes);
        answer.set("offered", walk.offered);
        byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getMainInstance());
        answer.put("xml", new String(xml, StandardCharsets.UTF_8));
        return answer;
    }

    /** Every node by its path: whether it is relevant, required, holds to its constraint, and its text. */
    private void report(TreeElement parent, String path, boolean relevant, ObjectNode nodes) {
        for (int number = 0; number < parent.getNumChildren(); number++) {
            TreeElement child = parent.getChildAt(number);
            if (child.getMult() == TreeReference.INDEX_TEMPLATE) {
                continue;
            }
            String step = child.isRepeatable() ? "[" + (child.getMult() + 1) + "]" : "";
            String place = path + "/" + child.getName() + step;
            boolean here = relevant && child.isRelevant();
            ObjectNode node = nodes.putObject(place);
            node.put("relevant", here);
            IAnswerData value = child.getValue();
            if (value != null) {
                node.put("text", value.uncast().getString());
            }
            if (here) {
                node.put("required", child.isRequired());
                if (value != null && child.getConstraint() != null) {
                    node.put("holds", form.evaluateConstraint(child.getRef(), value));
                }
            }
            report(child, place, here, nodes);
        }
    }

    /** One person going through the form. */
    private final class Walk {
        private final FormEntryModel model = new FormEntryModel(form);
        private final FormEntryController controller = new FormEntryController(model);
        private final JsonNode given;
        private final JsonNode add;
        private final Map<String, Integer> wanted = new HashMap<>();
        private final ObjectNode offered = JSON.createObjectNode();
        private int repeats = 0;

        private Walk(JsonNode given, JsonNode add) {
            this.given = given;
            this.add = add;
        }

        private void through() throws Exception {
            controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
            for (int steps = 0; steps < 20_000; steps++) {
                switch (controller.stepToNextEvent()) {
                    case FormEntryController.EVENT_END_OF_FORM:
                        return;
                    case FormEntryController.EVENT_QUESTION:
                        question();
                        break;
                    case FormEntryController.EVENT_PROMPT_NEW_REPEAT:
                        repeat();
                        break;
                    default:
                        break;
                }
            }
            throw new IllegalStateException("the form does not end");
        }

        private void repeat() {
            TreeReference reference = model.getFormIndex().getReference();
            String around = path(reference.getParentRef()) + "/" + reference.getNameLast();
            int want = wanted.computeIfAbsent(around, key -> add.get(repeats++ % add.size()).asInt());
            if (model.getFormIndex().getElementMultiplicity() < want) {
                controller.newRepeat();
            }
        }

        private void question() throws Exception {
            FormEntryPrompt prompt = model.getQuestionPrompt();
            String path = path(model.getFormIndex().getReference());
            List<SelectChoice> choices = isSelect(prompt) ? prompt.getSelectChoices() : null;
            if (choices != null) {
                ArrayNode names = offered.putArray(path);
                choices.forEach(choice -> names.add(choice.getValue()));
            }
            JsonNode text = given.get(path);
            if (text == null || prompt.isReadOnly() || prompt.getAnswerValue() != null) {
                return;
            }
            IAnswerData answer = choices == null
                ? XFormAnswerDataParser.getAnswerData(text.asText(), prompt.getDataType(), prompt.getQuestion())
                : chosen(prompt, choices, text.asText());
            if (answer != null) {
                controller.saveAnswer(answer, true);
            }
        }

        private IAnswerData chosen(FormEntryPrompt prompt, List<SelectChoice> choices, String numbers) {
            List<Selection> selections = new ArrayList<>();
            if (choices.isEmpty()) {
                return null;
            }
            if (prompt.getControlType() == Constants.CONTROL_RANK) {
                choices.forEach(choice -> selections.add(choice.selection()));
                Collections.rotate(selections, Integer.parseInt(numbers.split(" ")[0]) % choices.size());
                return new MultipleItemsData(selections);
            }
            for (String number : numbers.split(" ")) {
                Selection selection = choices.get(Integer.parseInt(number) % choices.size()).selection();
                if (selections.stream().noneMatch(one -> one.getValue().equals(selection.getValue()))) {
                    selections.add(selection);
                }
            }
            if (prompt.getControlType() == Constants.CONTROL_SELECT_ONE) {
                return new SelectOneData(selections.get(0));
            }
            return new SelectMultiData(selections);
        }

        private boolean isSelect(FormEntryPrompt prompt) {
            int control = prompt.getControlType();
            return control == Constants.CONTROL_SELECT_ONE
                || control == Constants.CONTROL_SELECT_MULTI
                || control == Constants.CONTROL_RANK;
        }
    }

    /** The path of a reference without the root element, with the numbers of entries from 1. */
    private String path(TreeReference reference) {
        StringBuilder path = new StringBuilder();
        TreeReference here = TreeReference.rootRef();
        for (int level = 0; level < reference.size(); level++) {
            here.add(reference.getName(level), Math.max(reference.getMultiplicity(level), 0));
            if (level > 0) {
                path.append('/').append(reference.getName(level));
                TreeElement element = form.getMainInstance().resolveReference(here);
                if (element != null && element.isRepeatable()) {
                    path.append('[').append(here.getMultiplicity(level) + 1).append(']');
                }
            }
        }
        return path.toString();
    }

    /** Collect's look-up in attached lists: here none has the key. */
    private static final class EmptyList implements IFunctionHandler {
        @Override
        public String getName() {
            return "pulldata";
        }

        @Override
        public List<Class[]> getPrototypes() {
            return new ArrayList<>();
        }

        @Override
        public boolean rawArgs() {
            return true;
        }

        @Override
        public boolean realTime() {
            return false;
        }

        @Override
        public Object eval(Object[] arguments, EvaluationContext context) {
            return "";
        }
    }
}
