package io.qk256.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class BarChartTest {

    private static Document draw() throws Exception {
        String svg = BarChart.svg(Recorded.results());
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(svg)));
    }

    private static double width(NodeList bars, int i) {
        return Double.parseDouble(((Element) bars.item(i)).getAttribute("width"));
    }

    @Test
    void barsAreAsLongAsTheSpeedIsAPartOfTheFloors() throws Exception {
        NodeList bars = draw().getElementsByTagName("rect");
        assertThat(bars.getLength()).isEqualTo(5);
        double floor = 600 - 120;
        assertThat(width(bars, 0)).isEqualTo(floor / 2);
        assertThat(width(bars, 1)).isEqualTo(floor / 30);
        assertThat(width(bars, 2)).isEqualTo(floor / 4);
        assertThat(width(bars, 3)).isEqualTo(floor / 1.25);
    }

    @Test
    void everyTaskHasItsFloorAsALine() throws Exception {
        assertThat(draw().getElementsByTagName("line").getLength()).isEqualTo(4);
    }

    @Test
    void textSaysWhatWasMeasuredAndWhatIsWrong() throws Exception {
        String text = draw().getDocumentElement().getTextContent();
        assertThat(text)
                .contains("Some CPU <fast & small>")
                .contains("gemv-i8 2560x2560 cold, 2 threads")
                .contains("25.6 G weights/s")
                .contains("105 G weights/s, WRONG")
                .contains("prefers-color-scheme: dark");
    }
}
