package inventory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

const usage = `{"usage":{"subject":"aws:x","scope":"s"}}`

func readAll(text string) (n int, err error) {
	err = inventory.ReadAll("in", strings.NewReader(text), func(inventory.Record) error {
		n++
		return nil
	})
	return n, err
}

func TestHostileLines(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	canary := "AKIA" + strings.Repeat("7Q", 8)
	for _, c := range []struct {
		name, text string
		records    int
		want       string // in the error; "" is none
	}{
		{"empty", "", 0, ""},
		{"blank lines", "\n\r\n \t\n" + usage + "\n\n", 1, ""},
		{"byte order mark", "\xEF\xBB\xBF" + usage + "\n", 1, ""},
		{"CR LF", usage + "\r\n" + usage + "\r\n", 2, ""},
		{"no end of the last line", usage + "\n" + usage, 2, ""},
		{"a later field", `{"usage":{"subject":"aws:x","later":{"a":[1,-2.5e+3,true,false,null,"\u00e9\ud83d\ude00"]},"scope":"s"}}`, 1, ""},
		{"null is unknown", `{"usage":{"subject":"aws:x","scope":"s","last_used_at":null,"interactive":null,"service":null}}`, 1, ""},
		{"white space", ` { "usage" : { "subject" : "aws:x" , "scope" : "s" } } `, 1, ""},
		{"UTF-16", "\xFF\xFE{\x00", 0, "in:1: the input is UTF-16"},
		{"NUL", usage + "\n" + `{"progress":{"message":"` + "\x00" + `"}}`, 1, "in:2: the last line is cut off: holds a NUL byte at byte 25"},
		{"not UTF-8", `{"progress":{"message":"` + "\xff" + `"}}` + "\n", 0, "in:1: is not UTF-8"},
		{"cut off", usage + "\n" + usage[:20], 1, "in:2: the last line is cut off: is not JSON"},
		{"not JSON", usage + "\n\n" + canary + "\n" + usage, 1, "in:3: is not JSON at byte 1"},
		{"a bare key", `{usage:{}}` + "\n", 0, "is not JSON at byte 2"},
		{"trailing comma", `{"usage":{"subject":"aws:x","scope":"s",}}` + "\n", 0, "is not JSON at byte"},
		{"two values", usage + usage + "\n", 0, "is not JSON at byte 42"},
		{"bad number", `{"usage":{"x":01}}` + "\n", 0, "is not JSON"},
		{"bad escape", `{"usage":{"x":"\x"}}` + "\n", 0, "is not JSON"},
		{"raw newline", "{\"usage\":{\"x\":\"a\tb\"}}\n", 0, "is not JSON"},
		{"deep", `{"usage":{"x":` + deep + "\n", 0, "in:1: is nested too deep"},
		{"array", "[]\n", 0, "want an object with one key"},
		{"no kind", "{}\n", 0, "there is none"},
		{"unknown kind", `{"principal":{}}` + "\n", 0, `there is no record kind "principal"`},
		{"kind in capitals", `{"Usage":{}}` + "\n", 0, "the key is not a record kind"},
		{"a secret for a kind", `{"` + canary + `":{}}` + "\n", 0, "the key is not a record kind"},
		{"two kinds", `{"progress":{"message":"x"},"usage":{}}` + "\n", 0, "there are more"},
		{"one kind twice", `{"progress":{"message":"x"},"progress":{"message":"y"}}` + "\n", 0, "there are more"},
		{"kind is null", `{"usage":null}` + "\n", 0, "usage: want an object"},
		{"a field twice", `{"usage":{"subject":"aws:x","scope":"s","subject":"aws:y"}}` + "\n", 0, "usage: subject comes twice"},
		{"a tag twice", `{"identity":{"id":"aws:x","type":"t","scope":"s","tags":{"a":"1","a":"2"}}}` + "\n", 0, "identity: tags: a key comes twice"},
		{"string for number", `{"coverage":{"count":"` + canary + `"}}` + "\n", 0, "coverage: count: want a whole number"},
		{"fraction", `{"coverage":{"count":1.5}}` + "\n", 0, "coverage: count: want a whole number"},
		{"huge number", `{"coverage":{"count":99999999999999999999}}` + "\n", 0, "coverage: count: want a whole number"},
		{"number for string", `{"usage":{"subject":4}}` + "\n", 0, "usage: subject: want a string"},
		{"string for list", `{"grant":{"reasons":"x"}}` + "\n", 0, "grant: reasons: want a list"},
		{"list for map", `{"identity":{"tags":[]}}` + "\n", 0, "identity: tags: want an object"},
		{"bad time", `{"usage":{"last_used_at":"` + canary + `"}}` + "\n", 0, "usage: last_used_at: want a time as in RFC 3339"},
		{"bad tri", `{"usage":{"interactive":"yes"}}` + "\n", 0, "usage: interactive: want true, false or null"},
		{"bad place", `{"trust":{"found_at":[{"line":"x"}]}}` + "\n", 0, "trust: found_at: line: want a whole number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := readAll(c.text)
			if n != c.records {
				t.Errorf("%d records, want %d", n, c.records)
			}
			var line *inventory.LineError
			switch {
			case c.want == "" && err != nil:
				t.Errorf("error: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &line)):
				t.Errorf("the error is %v, want a LineError with %q", err, c.want)
			case err != nil && strings.Contains(err.Error(), canary):
				t.Error("the error quotes the line")
			}
		})
	}
}

func TestReaderGoesOnAfterABadLine(t *testing.T) {
	text := usage + "\n{\n" + strings.Repeat("x", 200_000) + "\n" + usage + "\n"
	r := inventory.NewReader(strings.NewReader(text), inventory.ReaderOptions{Name: "in", MaxLine: 1000})
	var got []string
	for {
		_, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		got = append(got, fmt.Sprint(r.Line(), " ", err))
	}
	want := []string{
		"1 <nil>", "2 in:2: is not JSON at byte 2",
		"3 in:3: line is longer than the limit of 1000 bytes", "4 <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An endless source of one letter.
type endless struct{ n int64 }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	e.n += int64(len(b))
	return len(b), nil
}

func TestEndlessLineTakesNoMoreThanTheLimit(t *testing.T) {
	in := &endless{}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := inventory.NewReader(in, inventory.ReaderOptions{MaxLine: 1 << 20}).Read()
	runtime.ReadMemStats(&after)
	if !errors.Is(err, inventory.ErrLineTooLong) {
		t.Errorf("the error is %v", err)
	}
	if in.n > 2<<20 {
		t.Errorf("%d bytes were read", in.n)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
}

type failing struct{}

var errDisk = errors.New("disk on fire")

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestErrorOfTheInput(t *testing.T) {
	r := inventory.NewReader(io.MultiReader(strings.NewReader(usage+"\n"), failing{}), inventory.ReaderOptions{Name: "in"})
	if _, err := r.Read(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := r.Read(); !errors.Is(err, errDisk) || err.Error() != "in:2: disk on fire" {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestReadAllKeepsTheOrder(t *testing.T) {
	var text bytes.Buffer
	const n = 30_000
	for i := range n {
		fmt.Fprintf(&text, `{"usage":{"subject":"aws:%d","scope":"s"}}`+"\n", i)
	}
	whole := text.String()
	i := 0
	err := inventory.ReadAll("in", strings.NewReader(whole+"{\n"+whole), func(r inventory.Record) error {
		if want := fmt.Sprint("aws:", i); r.Usage.Subject != want {
			return fmt.Errorf("record %d is of %s", i, r.Usage.Subject)
		}
		i++
		return nil
	})
	if i != n || err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("in:%d: is not JSON", n+1)) {
		t.Errorf("%d records, error %v", i, err)
	}
	stop := errors.New("enough")
	if err := inventory.ReadAll("in", strings.NewReader(whole), func(inventory.Record) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the error of each is %v", err)
	}
}

func TestTimesAreReadAsUTC(t *testing.T) {
	r := inventory.NewReader(strings.NewReader(`{"usage":{"subject":"aws:x","scope":"s","last_used_at":"2026-03-04T05:06:07+02:00"}}`), inventory.ReaderOptions{})
	rec, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 3, 4, 3, 6, 7, 0, time.UTC); rec.Usage.LastUsedAt != want {
		t.Errorf("the time is %v, want %v", rec.Usage.LastUsedAt, want)
	}
}

// capital finds keys that encoding/json would take for one of ours, although
// they are spelt otherwise.
var capital = regexp.MustCompile(`"[^"]*([A-Z\x{80}-\x{10FFFF}]|\\)[^"]*"\s*:`)

func FuzzReader(f *testing.F) {
	for _, r := range one() {
		var b bytes.Buffer
		w := inventory.NewWriter(&b)
		if err := errors.Join(w.Write(r), w.Flush()); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("\xEF\xBB\xBF" + usage + "\r\n{\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var records []inventory.Record
		r := inventory.NewReader(bytes.NewReader(text), inventory.ReaderOptions{Name: "in", MaxLine: 1 << 16})
		for {
			rec, err := r.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				var line *inventory.LineError
				if !errors.As(err, &line) || line.Line < 1 {
					t.Fatalf("the error names no line: %v", err)
				}
				continue
			}
			records = append(records, rec)
		}
		if len(records) == 0 {
			return
		}
		first := encode(t, records)
		if len(records) == 1 && bytes.Count(text, []byte("\n")) == 0 && !capital.Match(text) {
			var other inventory.Record
			if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")), &other); err != nil {
				t.Fatalf("encoding/json refuses what was accepted: %v", err)
			}
		}
		n := 0
		err := inventory.ReadAll("in", bytes.NewReader(first), func(rec inventory.Record) error {
			if diff := cmp.Diff(records[n], rec); diff != "" {
				t.Errorf("record %d changes when it is written and read: %s", n, diff)
			}
			n++
			return nil
		})
		if err != nil || n != len(records) {
			t.Errorf("%d of %d records are read again: %v", n, len(records), err)
		}
	})
}

func FuzzTri(f *testing.F) {
	for _, s := range []string{"true", "false", "null", "1", `"true"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var tri inventory.Tri
		if json.Unmarshal(text, &tri) != nil {
			return
		}
		again, err := json.Marshal(tri)
		if err != nil || !bytes.Equal(again, bytes.TrimSpace(text)) {
			t.Errorf("%q becomes %q, %v", text, again, err)
		}
	})
}

// What a decoder keeps of one record must not turn up in another that it does
// not belong to: equal texts of maps of different types, and texts too long to
// keep.
func TestReadSharesOnlyWhatIsEqual(t *testing.T) {
	long := strings.Repeat("long ", 100)
	lines := []string{
		`{"identity":{"id":"aws:1","type":"aws.iam_user","scope":"s","name":"n","tags":{},"attributes":{}}}`,
		`{"coverage":{"scanner":"aws","scope":"s","kind":"identity","status":"complete","suppressed":{}}}`,
		`{"identity":{"id":"aws:2","type":"aws.iam_user","scope":"s","name":"n","tags":{"team":"a"}}}`,
		`{"identity":{"id":"aws:3","type":"aws.iam_user","scope":"s","name":"n","tags":{"team":"b"},"description":"` + long + `"}}`,
		`{"identity":{"id":"aws:4","type":"aws.iam_user","scope":"s","name":"n","tags":{"team":"a"}}}`,
	}
	r := inventory.NewReader(strings.NewReader(strings.Join(lines, "\n")), inventory.ReaderOptions{})
	var teams []string
	for range lines {
		rec, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		if rec.Identity != nil {
			teams = append(teams, rec.Identity.Tags["team"])
		}
		if rec.ID() == "aws:3" && rec.Identity.Description != long {
			t.Errorf("the description is %q", rec.Identity.Description)
		}
	}
	if diff := cmp.Diff([]string{"", "a", "b", "a"}, teams); diff != "" {
		t.Errorf("teams (-want +got):\n%s", diff)
	}
}
