package audit

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func problems(u *Uses) []string {
	var out []string
	for _, p := range u.Problems() {
		out = append(out, fmt.Sprintf("%s:%d: %s", p.Name, p.Line, p.Message))
	}
	return out
}

func TestBadInput(t *testing.T) {
	good := sample{User: runner, Reason: runnerReason}.json(t)
	cut := good[:len(good)/2]
	packed := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write([]byte(text))
		_ = z.Close()
		return b.String()
	}
	var random strings.Builder // does not compress, so that cutting takes text away
	for i := range 200 {
		random.WriteString(strings.Replace(good, "5a6a3d6e", fmt.Sprintf("%08x", i*2654435761%0xffffffff), 1) + "\n")
	}
	whole := packed(random.String())
	const nothing = "audit log:0: holds no audit event: expected audit.k8s.io events as lines of JSON, an EventList, or an export of CloudWatch Logs, Cloud Logging or AKS diagnostics"
	for _, c := range []struct {
		name, log string
		min       int // requests read, at least
		foreign   int
		want      []string
	}{
		{"cut line in the middle", good + "\n" + cut + "\n" + good + "\n" + cut + "\n", 2, 0, []string{"audit log:2: 2 events are no valid JSON or have no time; the others were read"}},
		{"cut first line", cut[30:] + "\n" + good, 1, 1, nil},
		{"last line that is still being written", good + "\n" + cut, 1, 0, nil},
		{"cut last line, written to its end", good + "\n" + cut + "\n", 1, 0, []string{"audit log:2: 1 events are no valid JSON or have no time; the others were read"}},
		{"lines of something else", "I1120 starting\n{\"level\":\"info\",\"message\":\"audit\"}\n" + good + "\n[]\n", 1, 3, nil},
		{"event of the core group", `{"kind":"Event","apiVersion":"v1","auditID":"x","stage":"y"}` + "\n" + good, 1, 1, nil},
		{"no time", strings.ReplaceAll(good, "2026-", "x"), 0, 0, []string{"audit log:1: 1 events are no valid JSON or have no time; the others were read", nothing}},
		{"year 9999", strings.ReplaceAll(good, "2026-", "9999-"), 0, 0, []string{"audit log:1: 1 events are no valid JSON or have no time; the others were read", nothing}},
		{"in the future", good + "\n" + strings.ReplaceAll(good, "2026-", "2031-"), 1, 0, []string{"audit log:0: 1 events say to be of a later day than today and were passed over"}},
		{"wrong types", `{"kind":"Event","apiVersion":"audit.k8s.io/v1","stage":"ResponseComplete","user":"x","annotations":[1],"objectRef":3,"responseStatus":[],"verb":{},"stageTimestamp":"2026-11-20T10:00:00Z"}`, 1, 0, []string{"audit log:0: no event names the binding that allowed it (annotation authorization.k8s.io/reason): the use of bindings is unknown"}},
		{"empty", "", 0, 0, []string{nothing}},
		{"text", "hello\nworld", 0, 2, []string{nothing}},
		{"no gzip after all", "\x1f\x8bxx", 0, 0, []string{"audit log:0: is compressed and cut off; what came before was read", nothing}},
		{"cut gzip", whole[:len(whole)*2/3], 1, 0, nil},
		{"laid out and cut", "{\n  \"kind\": \"EventList\",\n  \"items\": [\n" + good + ",\n" + cut, 1, 0, []string{"audit log:5: ends in the middle of its JSON: what came after is missing"}},
		{"brackets that never close", strings.Repeat("[", 100_000) + "\n", 0, 0, []string{"audit log:1: 1 events are no valid JSON or have no time; the others were read", nothing}},
		{"NUL", "\x00\x00\n" + good, 1, 1, nil},
		{"messages within messages", strings.Repeat(`{"message":"`, 50) + "\n" + good, 1, 0, []string{"audit log:1: 1 events are no valid JSON or have no time; the others were read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := read(t, c.log, Options{Now: day.Add(36 * time.Hour)})
			if w := u.Window(); w.Requests < c.min || w.Foreign != c.foreign {
				t.Errorf("window: %+v", w)
			}
			if c.name == "cut gzip" {
				if p := problems(u); len(p) == 0 || !strings.HasSuffix(p[0], "is compressed and cut off; what came before was read") {
					t.Errorf("problems: %q", p)
				}
				return
			}
			if diff := cmp.Diff(c.want, problems(u)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadError(t *testing.T) {
	good := sample{User: runner, Reason: runnerReason}.json(t)
	u, err := Read(context.Background(), io.MultiReader(strings.NewReader(good+"\n"), iotest.ErrReader(errors.New("disk is gone"))), Options{Name: "a.log"})
	if err != nil {
		t.Fatal(err)
	}
	if p := problems(u); len(p) != 1 || p[0] != "a.log:2: could not be read to its end: disk is gone" || u.Window().Requests != 1 {
		t.Errorf("%q %+v", p, u.Window())
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, strings.NewReader(good), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended: %v", err)
	}
	if _, err := Read(ctx, strings.NewReader("{\n"+good[1:]), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that ended, of a document: %v", err)
	}
}

func TestLongLines(t *testing.T) {
	good := sample{User: runner, Reason: runnerReason}.json(t)
	body := strings.Replace(good, `"kind":"Event"`, `"kind":"Event","responseObject":{"data":"`+strings.Repeat("x", 600<<10)+`"}`, 1)
	u := read(t, good+"\n"+body+"\n"+good+"\n", Options{})
	if u.Window().Requests != 3 || len(u.Problems()) > 0 {
		t.Errorf("%+v %q", u.Window(), problems(u))
	}
	u = read(t, good+"\n"+body+"\n"+good+"\n", Options{MaxEvent: 500 << 10})
	if diff := cmp.Diff([]string{"audit log:2: 1 events are longer than 512000 bytes and were passed over"}, problems(u)); diff != "" || u.Window().Requests != 2 {
		t.Error(diff, u.Window())
	}
	// A list of events on one line that is longer than one may be is read event by event.
	list := `{"kind":"EventList","items":[` + strings.Repeat(good+",", 900) + good + "]}"
	u = read(t, list, Options{MaxEvent: 4096})
	if u.Window().Requests != 901 || len(u.Problems()) > 0 {
		t.Errorf("%+v %q", u.Window(), problems(u))
	}
}

func TestBounds(t *testing.T) {
	var log strings.Builder
	for i := range 50 {
		name := fmt.Sprintf("u%02d", i)
		reason := fmt.Sprintf(`RBAC: allowed by ClusterRoleBinding "b%02d" of ClusterRole "r" to Group "all"`, i)
		s := sample{User: name, Reason: reason, Credential: "JTI=" + name}
		if i%2 == 0 {
			s.Extra = map[string][]string{"authentication.kubernetes.io/pod-name": {name}}
		}
		log.WriteString(s.json(t) + "\n")
		log.WriteString(sample{User: "busy", Resource: fmt.Sprintf("r%02d", i), Agent: fmt.Sprintf("agent%d/1", i), As: "target"}.json(t) + "\n")
		log.WriteString(sample{User: name, As: "target", Reason: `RBAC: allowed by ClusterRoleBinding "b00" of ClusterRole "r" to Group "all"`}.json(t) + "\n")
		log.WriteString(sample{User: "direct", Resource: fmt.Sprintf("r%02d", i)}.json(t) + "\n")
	}
	u := read(t, log.String(), Options{MaxUsers: 10, MaxBindings: 5, MaxCredentials: 20, MaxPermissions: 7})
	if n := len(u.Users()); n != 10 {
		t.Errorf("%d users", n)
	}
	if n := len(u.Bindings()); n != 5 {
		t.Errorf("%d bindings", n)
	}
	pods := 0
	for _, c := range u.Credentials() {
		if c.Pod != "" {
			pods++
		}
	}
	if n := len(u.Credentials()); n != 20 || pods > 10 {
		t.Errorf("%d credentials, %d of pods", n, pods)
	}
	for _, x := range u.Users() {
		if len(x.Permissions) > 7 || len(x.Agents) > 16 || len(x.ImpersonatedBy) > 16 {
			t.Errorf("%s: %d permissions, %d agents, %d impersonators", x.Name, len(x.Permissions), len(x.Agents), len(x.ImpersonatedBy))
		}
		if x.Name == "direct" && (!x.Truncated || len(x.Permissions) != 7) {
			t.Errorf("direct: %+v", x)
		}
	}
	text := strings.Join(problems(u), "\n")
	for _, want := range []string{"identities beyond the first 10", "bindings beyond the first 5", "credentials beyond the first 20"} {
		if !strings.Contains(text, want) {
			t.Errorf("no problem says %q: %s", want, text)
		}
	}
}

// Names of any form and length are kept as they are or not at all, and no problem
// holds text of the log.
func TestHostileNames(t *testing.T) {
	odd := "system:serviceaccount::\x00\u202e\"'%s\n" + "canary-x"
	long := strings.Repeat("n", 1<<20)
	log := sample{User: odd, Agent: "a\x1b[31m/1", Reason: runnerReason}.json(t) + "\n" +
		sample{User: long, Credential: "JTI=" + long, Agent: long, Verb: long, Namespace: long, Reason: "RBAC: allowed by " + long}.json(t) + "\n" + `{"canary-x":` + "\n"
	u := read(t, log, Options{})
	users := u.Users()
	if len(users) != 1 || users[0].Name != odd || !cmp.Equal(users[0].Agents, []string{"a%1B[31m"}) {
		t.Errorf("%d users, %q", len(users), users[0].Agents)
	}
	if len(u.Credentials()) != 0 {
		t.Errorf("%d credentials", len(u.Credentials()))
	}
	for _, p := range problems(u) {
		if strings.Contains(p, "canary-x") || len(p) > 300 {
			t.Errorf("a problem holds text of the log: %.300q", p)
		}
	}
}

func TestGaps(t *testing.T) {
	var log strings.Builder
	for _, at := range []string{"09:59:59", "10:00:01", "11:30:00", "15:10:00", "16:00:00"} {
		log.WriteString(sample{User: runner, Reason: runnerReason, At: "2026-11-20T" + at + "Z"}.json(t) + "\n")
	}
	u := New(Options{})
	if err := u.Add(context.Background(), "one.log", strings.NewReader(log.String())); err != nil {
		t.Fatal(err)
	}
	hour := func(h int) time.Time { return day.Add(time.Duration(h) * time.Hour) }
	if diff := cmp.Diff([]Span{{hour(12), hour(15)}}, u.Window().Gaps); diff != "" {
		t.Error(diff)
	}
	// A second log, of another API server, may fill it.
	more := sample{User: runner, Reason: runnerReason, At: "2026-11-20T13:30:00Z"}.json(t) + "\n{broken\n"
	if err := u.Add(context.Background(), "two.log", strings.NewReader(more)); err != nil {
		t.Fatal(err)
	}
	if gaps := u.Window().Gaps; len(gaps) != 0 {
		t.Errorf("gaps: %v", gaps)
	}
	if diff := cmp.Diff([]string{"two.log:2: 1 events are no valid JSON or have no time; the others were read"}, problems(u)); diff != "" {
		t.Error(diff)
	}
}

func TestUnescape(t *testing.T) {
	for _, text := range []string{"", "plain", "\"quoted\" \\ / \b\f\n\r\t", "é 😀 \u2028", "\x00", strings.Repeat("\\", 5)} {
		quoted, _ := json.Marshal(text)
		if got := string(unescape(quoted[1 : len(quoted)-1])); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	for raw, want := range map[string]string{`\ud83d\ude00`: "😀", `\ud83d`: "\ufffd", `\ud83dx`: "\ufffdx", `\u12`: `\u12`, `\q`: `\q`, `a\`: `a\`, `\u00e9\/`: "é/"} {
		if got := string(unescape([]byte(raw))); got != want {
			t.Errorf("%s became %q, want %q", raw, got, want)
		}
	}
}

// FuzzRead reads any text as a log: it ends, says what it read within the text, and
// gives the same again.
func FuzzRead(f *testing.F) {
	good := sample{User: runner, Reason: runnerReason, Credential: "JTI=a", As: "jane"}.json(f)
	quoted, _ := json.Marshal(good)
	for _, seed := range []string{good, "[" + good + "]", "{\n\"items\":[\n" + good + "]}", `{"message":` + string(quoted) + "}", "{", "[{", "2026 " + good, `{"protoPayload":{"serviceName":"k8s.io","methodName":"io.k8s.core.v1.pods.get","resourceName":"core/v1/namespaces/a/pods/b"},"timestamp":"2026-11-20T10:00:00Z"}`, "\x1f\x8b\x08"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		all := func() string {
			u, err := Read(context.Background(), bytes.NewReader(log), Options{MaxEvent: 1 << 16, MaxUsers: 50, MaxBindings: 50, MaxCredentials: 50})
			if err != nil {
				t.Fatal(err)
			}
			if len(u.Users()) > 50 || len(u.Bindings()) > 50 || len(u.Credentials()) > 50 {
				t.Fatal("bounds are not kept")
			}
			text, err := json.Marshal([]any{u.Users(), u.Bindings(), u.Credentials(), u.Window(), u.Problems()})
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		first := all()
		if second := all(); first != second {
			t.Error("reading twice gives different results")
		}
	})
}

// FuzzScan compares the walk over bytes with encoding/json on valid objects.
func FuzzScan(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,"x\"}"]},"kind":"E\u00e9","c":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || !json.Valid(text) {
			_, _ = skipValue(text, 0)
			return
		}
		text = bytes.TrimSpace(text)
		got := map[string]string{}
		m := object(text)
		for key, ok := m.next(); ok; key, ok = m.next() {
			got[string(bytes.ToValidUTF8(unescape(key), []byte("\ufffd")))] = string(m.value())
		}
		if want != nil && (m.bad || m.i != len(text)) {
			t.Fatalf("a valid object is broken at %d", m.i)
		}
		if len(got) != len(want) && !bytes.Contains(text, []byte(`\u`)) && !bytes.ContainsFunc(text, func(r rune) bool { return r == '\ufffd' }) {
			t.Fatalf("%d members, want %d", len(got), len(want))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	line := []byte(sample{User: runner, Reason: runnerReason, Credential: "JTI=a"}.json(b) + "\n")
	log := bytes.Repeat(line, 10_000)
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(context.Background(), bytes.NewReader(log), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
