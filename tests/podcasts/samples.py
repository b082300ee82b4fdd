"""Feeds written by hand for the tests; no such podcasts exist."""

from __future__ import annotations

RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"
  xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:atom="http://www.w3.org/2005/Atom"
  xmlns:media="http://search.yahoo.com/mrss/"
  xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel>
  <atom:link href="https://tides.example/feed.xml" rel="self" type="application/rss+xml"/>
  <title>Tides &amp; Timber</title>
  <link>https://tides.example/</link>
  <language>en-GB</language>
  <itunes:author>Ada Quill</itunes:author>
  <description><![CDATA[<p>Boats, and the people who <em>mend</em> them.</p>]]></description>
  <itunes:image href="https://tides.example/cover.jpg"/>
  <item>
    <title>Caulking for beginners</title>
    <itunes:title>Caulking</itunes:title>
    <guid isPermaLink="false">tides-0002</guid>
    <link>https://tides.example/2</link>
    <pubDate>Tue, 05 May 2026 10:00:00 +0200</pubDate>
    <itunes:author>Ben Oakum</itunes:author>
    <itunes:duration>1:02:03</itunes:duration>
    <itunes:season>1</itunes:season>
    <itunes:episode>2</itunes:episode>
    <itunes:image href="/two.jpg"/>
    <itunes:summary>The short form.</itunes:summary>
    <description>The middle form.</description>
    <content:encoded><![CDATA[<h2>Notes</h2><p>Cotton first,<br>then <b>pitch</b>.</p>
      <ul><li>mallet</li><li>iron</li></ul><script>track()</script>]]></content:encoded>
    <enclosure url="/audio/2.mp3?source=feed" length="1500000" type="audio/mpeg"/>
    <podcast:transcript url="https://tides.example/2.html" type="text/html"/>
    <podcast:transcript url="/2.vtt" type="text/vtt" language="en" rel="captions"/>
    <podcast:transcript url="javascript:alert(1)" type="text/vtt"/>
    <podcast:chapters url="/2.chapters.json" type="application/json+chapters"/>
    <podcast:season name="Hulls">4</podcast:season>
    <podcast:episode display="2 and a half">2.5</podcast:episode>
  </item>
  <item>
    <title>The first tide</title>
    <link>https://tides.example/1</link>
    <pubDate>Sun, 12 Apr 2026 23:30:00 GMT</pubDate>
    <itunes:duration>62:03</itunes:duration>
    <itunes:summary>Only the short form.</itunes:summary>
    <media:content url="https://tides.example/1.jpg" type="image/jpeg"/>
    <enclosure url="https://cdn.example/1.mp4" type="video/mp4"/>
    <enclosure url="https://cdn.example/1.m4a" length="" type="audio/x-m4a"/>
  </item>
  <item>
    <title>Coming soon: a word from the slipway</title>
    <pubDate>some day</pubDate>
    <itunes:duration>soon</itunes:duration>
    <description>Not yet.

Patience &amp;amp; tea.</description>
  </item>
</channel>
</rss>
"""

ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
  <title>Hafenfunk</title>
  <subtitle>Aus dem Süden</subtitle>
  <link href="https://hafen.example/"/>
  <author><name>Jörg Öl</name></author>
  <id>urn:hafen</id>
  <entry>
    <title type="html">Folge &lt;i&gt;eins&lt;/i&gt;</title>
    <id>urn:hafen:1</id>
    <updated>2026-03-01T12:00:00+01:00</updated>
    <link rel="enclosure" type="audio/ogg" length="42" href="https://hafen.example/1.ogg"/>
    <link rel="alternate" href="https://hafen.example/folge/1"/>
    <content type="html">&lt;p&gt;Möwen.&lt;/p&gt;&lt;p&gt;Nebel.&lt;/p&gt;</content>
  </entry>
</feed>
""".encode()

BROKEN = b"""
<rss version="2.0"><channel><title>Half a feed &copy; nobody &nosuchthing;</title>
<item><title>Sound & fury</title><guid>b-1</guid><itunes:duration>90</itunes:duration>
<podcast:transcript url="https://half.example/1.srt" type="application/srt"/>
<enclosure url="https://half.example/1.mp3" type="audio/mpeg">
<description>caf\xe9 &lt;b&gt;open&lt;/b&gt; &amp; warm</description></item>
<item><title>And then it
"""

OPML = b"""<?xml version="1.0" encoding="UTF-8"?>
<opml version="1.0"><head><title>Mine</title></head><body>
  <outline text="Boats">
    <outline type="rss" text="Tides &amp; Timber" xmlUrl="https://tides.example/feed.xml"/>
    <outline text="Deeper">
      <Outline TYPE="rss" TITLE="Hafenfunk" XMLURL="feed://hafen.example/atom"/>
    </outline>
  </outline>
  <outline type="rss" text="Tides again" xmlUrl="http://tides.example/feed.xml/"/>
  <outline type="rss" xmlurl="feed:https://bare.example/rss"/>
  <outline type="rss" text="Local file" xmlUrl="file:///etc/hostname"/>
  <outline type="link" text="A page" htmlUrl="https://page.example/"/>
</body></opml>
"""
