package live_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/live/fake"
)

// An exchange is a request and its answer, as they were recorded.
type exchange struct {
	verb   string
	url    *url.URL
	status string
	answer map[string]any
}

// recorded reads the exchanges of a folder of logs: request line, headers, body,
// status line, headers, body, and a line of dashes between two.
func recorded(t *testing.T, folder string) []exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.http.log"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no exchanges in %s: %v", folder, err)
	}
	number := strings.NewReplacer("${projectId}", "northwind-prod", "${projectNumber}", "444455556666")
	rest := regexp.MustCompile(`\$\{[a-zA-Z]+\}`)
	var out []exchange
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := rest.ReplaceAllString(number.Replace(string(data)), "x1")
		for part := range strings.SplitSeq(text, "\n---\n") {
			if x, ok := parseExchange(strings.TrimSpace(part)); ok {
				out = append(out, x)
			}
		}
	}
	return out
}

func parseExchange(text string) (exchange, bool) {
	line, _, _ := strings.Cut(text, "\n")
	verb, address, ok := strings.Cut(line, " ")
	at, err := url.Parse(address)
	status := regexp.MustCompile(`(?m)^(\d{3}) [A-Z][A-Za-z ]+$`).FindStringSubmatchIndex(text)
	if !ok || err != nil || status == nil {
		return exchange{}, false
	}
	x := exchange{verb: verb, url: at, status: text[status[2]:status[3]]}
	if i := strings.Index(text[status[1]:], "\n\n{"); i >= 0 {
		_ = json.Unmarshal([]byte(text[status[1]+i:]), &x.answer) // what is none stays empty
	}
	return x, true
}

// TestRecordedExchanges holds real traffic against the documents that the server is
// made of, and has the reader read what was answered, where MUSTER_ORACLES names the
// folder that holds gcp-http.
func TestRecordedExchanges(t *testing.T) {
	folder := os.Getenv("MUSTER_ORACLES")
	if folder == "" {
		t.Log("MUSTER_ORACLES is not set: no recorded exchanges to replay")
		return
	}
	docs := documents(t)
	s := fake.New(docs)
	p := fake.Production()
	s.Project(p, "Production", nil, "iam.googleapis.com", "secretmanager.googleapis.com", "cloudkms.googleapis.com", "apikeys.googleapis.com")
	seen := map[string]int{}
	ring := p.Name + "/locations/global/keyRings/recorded"
	once := map[string]bool{}
	for _, x := range recorded(t, filepath.Join(folder, "gcp-http")) {
		if x.verb != http.MethodGet || x.status != "200" {
			continue
		}
		id, problem, known := docs.Check(x.verb, x.url, x.answer)
		if !known {
			continue
		}
		seen[id]++
		if problem != "" {
			t.Errorf("%s %s: %s", id, x.url, problem)
		}
		name, _ := x.answer["name"].(string)
		if once[id+name] {
			continue
		}
		once[id+name] = true
		switch id {
		case "iam.projects.serviceAccounts.get":
			s.List("iam.projects.serviceAccounts.list", p.Name, x.answer)
		case "iam.projects.serviceAccounts.keys.get":
			s.List("iam.projects.serviceAccounts.keys.list", strings.Split(name, "/keys/")[0], x.answer)
		case "secretmanager.projects.secrets.get":
			s.List("secretmanager.projects.secrets.list", p.Name, x.answer)
		case "apikeys.projects.locations.keys.get":
			s.List("apikeys.projects.locations.keys.list", p.Name+"/locations/global", x.answer)
		case "cloudkms.projects.locations.keyRings.cryptoKeys.get":
			s.List("cloudkms.projects.locations.keyRings.cryptoKeys.list", ring, x.answer)
		}
	}
	t.Log(seen)
	s.List("cloudkms.projects.locations.list", p.Name, fake.Tree{"name": p.Name + "/locations/global", "locationId": "global"})
	s.List("cloudkms.projects.locations.keyRings.list", p.Name+"/locations/global", fake.Tree{"name": ring})
	s.Allow = func(r fake.Request) bool { return !isAsset(r) }
	o := options(t, s)
	o.Organization = ""
	got := project(t, read(t, o), "northwind-prod")
	if len(got.Accounts) < 2 || len(got.Secrets) != 1 || len(got.Keys) != 1 || len(got.KMS) != 1 {
		t.Errorf("%d accounts, %d secrets, %d API keys, %d keys of KMS", len(got.Accounts), len(got.Secrets), len(got.Keys), len(got.KMS))
	}
	never := 0
	for _, a := range got.Accounts {
		for _, k := range a.Keys {
			if k.NeverExpires && k.ValidBefore.IsZero() && k.Type == "USER_MANAGED" {
				never++
			}
		}
	}
	if never == 0 {
		t.Error("no key lasts for ever")
	}
	for _, l := range got.Listings {
		if l.Status == inventory.StatusPartial {
			t.Errorf("%+v", l)
		}
	}
}
