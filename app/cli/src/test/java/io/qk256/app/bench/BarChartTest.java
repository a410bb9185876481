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
        double floor = 600 - 112;
        assertThat(width(bars, 0)).isEqualTo(floor / 2);
        assertThat(width(bars, 1)).isEqualTo(Math.round(floor / 30 * 10) / 10.0);
        assertThat(width(bars, 2)).isEqualTo(floor / 4);
        assertThat(width(bars, 3)).isEqualTo(floor / 1.25);
        assertThat(width(bars, 4)).as("floor off the scale").isEqualTo(Math.round(floor * 0.6 * 10) / 10.0);
    }

    @Test
    void floorsInSightAreLines() throws Exception {
        assertThat(draw().getElementsByTagName("line").getLength()).isEqualTo(3);
        assertThat(draw().getDocumentElement().getTextContent())
                .contains("floor 32.8 GB/s, off the scale: 10.0 x the fastest");
    }

    @Test
    void textSaysWhatWasMeasuredAndWhatIsWrong() throws Exception {
        String text = draw().getDocumentElement().getTextContent();
        assertThat(text)
                .contains("Some CPU <fast & small>")
                .contains("gemv-i8 2560x2560 cold, 2 threads")
                .contains("G weights/s")
                .containsPattern("(?m)^25\\.6$")
                .containsPattern("(?m)^WRONG 105$")
                .contains("prefers-color-scheme: dark");
    }
}
