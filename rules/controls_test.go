package rules_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/rules"
)

// forms are how each framework spells its ids. What has another form is of
// another edition or a slip.
func forms() map[string]*regexp.Regexp {
	decimal := regexp.MustCompile(`^[1-9][0-9]?(\.[1-9][0-9]?){1,3}$`)
	return map[string]*regexp.Regexp{
		"muster":             regexp.MustCompile(`^NHI-[A-Z]{3}-[0-9]{2}$`),
		"iso27001_2022":      regexp.MustCompile(`^(A\.[5-8]|[4-9]|10)\.[1-9][0-9]?(\.[1-9])?$`),
		"soc2":               regexp.MustCompile(`^CC[1-9]\.[1-9]$`),
		"nist_csf_2_0":       regexp.MustCompile(`^(GV\.(OC|RM|RR|PO|OV|SC)|ID\.(AM|RA|IM)|PR\.(AA|AT|DS|PS|IR)|DE\.(CM|AE)|RS\.(MA|AN|CO|MI)|RC\.(RP|CO))-[0-9]{2}$`),
		"nist_800_53r5":      regexp.MustCompile(`^[A-Z]{2}-[1-9][0-9]?(\([1-9][0-9]?\))?$`),
		"owasp_nhi_2025":     regexp.MustCompile(`^NHI([1-9]|10)$`),
		"owasp_agentic_2026": regexp.MustCompile(`^ASI(0[1-9]|10)$`),
		"pci_dss_4_0_1":      decimal,
		"cis_controls_8_1":   regexp.MustCompile(`^([1-9]|1[0-8])\.[1-9][0-9]?$`),
		"nis2_2024_2690":     decimal,
		"dora":               regexp.MustCompile(`^(2022/2554|2024/1774) Art\. [1-9][0-9]?(\([0-9]+\)(\([a-z]\))?)?$`),
	}
}

// annexA is how many controls ISO/IEC 27001:2022 has under each theme; 93 in
// all.
func annexA() map[string]int { return map[string]int{"A.5": 37, "A.6": 8, "A.7": 14, "A.8": 34} }

// TestFrameworks holds the files of frameworks to the form of their ids, to
// their licences, and to the controls that are not about machines.
func TestFrameworks(t *testing.T) {
	lib, err := findings.LoadLibrary(rules.FS())
	if err != nil {
		t.Fatal(err)
	}
	owners := map[string]string{
		"iso27001_2022": "ISO", "soc2": "AICPA", "pci_dss_4_0_1": "PCI", "cis_": "CIS|CC BY-NC", "owasp_": "OWASP", "nist_": "public domain",
		"nis2_": "European Union", "dora": "European Union", "muster": "Apache",
	}
	for _, f := range lib.Frameworks {
		for prefix, word := range owners {
			if strings.HasPrefix(f.Key, prefix) && !regexp.MustCompile(word).MatchString(f.Licence) {
				t.Errorf("%s: the licence does not name %s: %q", f.Key, word, f.Licence)
			}
		}
		if f.Key != "muster" && !strings.HasPrefix(f.Source, "https://") {
			t.Errorf("%s: source %q is no address", f.Key, f.Source)
		}
		form := forms()[f.Key]
		if form == nil && strings.HasPrefix(f.Key, "cis_") {
			form = forms()["pci_dss_4_0_1"] // a recommendation is a decimal number too
		}
		if form == nil {
			t.Errorf("%s: nobody has said which form its ids have", f.Key)
			continue
		}
		checkControlIDs(t, f, form)
	}
}

func checkControlIDs(t *testing.T, f findings.Framework, form *regexp.Regexp) {
	t.Helper()
	notAboutMachines := map[string][]string{
		"pci_dss_4_0_1":    {"7.2.4", "8.3.1", "8.3.9"}, // people's access, people's factors, people's passwords
		"cis_controls_8_1": {"6.5"},                     // people's second factor
		"nist_csf_2_0":     {"PR.AA-06"},                // doors
	}
	for _, c := range f.Controls {
		if !form.MatchString(c.ID) {
			t.Errorf("%s: %q has not the form of its ids", f.Key, c.ID)
		}
		if slices.Contains(notAboutMachines[f.Key], c.ID) {
			t.Errorf("%s: %s is not about machine identities", f.Key, c.ID)
		}
		if theme, number, ok := cutLast(c.ID); ok && f.Key == "iso27001_2022" && annexA()[theme] > 0 {
			if n, err := strconv.Atoi(number); err != nil || n > annexA()[theme] {
				t.Errorf("%s: %s has %d controls; there is no %s", f.Key, theme, annexA()[theme], c.ID)
			}
		}
	}
}

func cutLast(id string) (before, after string, ok bool) {
	i := strings.LastIndex(id, ".")
	if i < 0 {
		return id, "", false
	}
	return id[:i], id[i+1:], true
}
