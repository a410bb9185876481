package io.qk256.llm.model;

import io.qk256.llm.model.KvCache.Page;
import java.util.ArrayList;
import java.util.List;

/** The pages of a sequence, in the order of positions. Read by several threads at once, changed by one. */
final class PageTable {

    private final KvCache cache;
    private final List<Page> pages = new ArrayList<>();

    PageTable(KvCache cache) {
        this.cache = cache;
    }

    /** Where a position lies. */
    Page page(int position) {
        return pages.get(position / cache.pagePositions());
    }

    /**
     * Makes room for new positions. The page that the first one lies on is copied if another sequence holds it too.
     *
     * @param from how many positions there are already
     * @param to how many there are to be
     */
    void reserve(int from, int to) {
        int last = from / cache.pagePositions();
        if (last < pages.size() && pages.get(last).holders > 1) {
            Page shared = pages.get(last);
            Page own = cache.take();
            own.memory.copyFrom(shared.memory);
            cache.giveBack(shared);
            pages.set(last, own);
        }
        while (pages.size() * cache.pagePositions() < to) {
            pages.add(cache.take());
        }
    }

    /** Gives back the pages from a position on, but for the one that it lies on. */
    void shrink(int positions) {
        int needed = Math.ceilDiv(positions, cache.pagePositions());
        while (pages.size() > needed) {
            cache.giveBack(pages.removeLast());
        }
    }

    /** Holds the first pages of another table, too. */
    void share(PageTable other, int positions) {
        int needed = Math.ceilDiv(positions, cache.pagePositions());
        for (Page page : other.pages.subList(0, needed)) {
            page.holders++;
            pages.add(page);
        }
    }
}
