package secret_test

import (
	"testing"

	"github.com/muster-nhi/muster/scanners/repo/secret"
)

// TestChecksum holds the checksums to values that vendors and others published
// as examples, and to the same with one character changed.
func TestChecksum(t *testing.T) {
	tests := []struct {
		name, head, tail string
		want             string
	}{
		{"GitHub classic", "gh" + "p_zQWBuTSOoRi4A9spHcVY", "5ncnsDkxkJ0mLq17", secret.ChecksumValid},
		{"GitHub fine-grained", "github" + "_pat_11AAYCBDQ0tjwxY3uiVv5v_lo8vfONwp06Vaq9ORB7pSx", "WM1UT5wSEuqxoxNv15mbAJTNMO62SdeYHLyzV", secret.ChecksumValid},
		{"GitLab routable with a version", "gl" + "pat-vSY1cyL948aAB440q", "B6L4zlu9OzsUmEV.01.0w0sfevch", secret.ChecksumValid},
		{"Grafana", "gl" + "sa_yscW25imSKJIuav8zF37", "RZmnbiDvB05G_fcaaf58a", secret.ChecksumValid},
		{"GitHub server token of the documentation", "gh" + "s_16C7e42F292c69C2E7", "C10c838347Ae178B4a", secret.ChecksumInvalid},
		{"npm, made up", "np" + "m_abcdefghijklmnopqrstuvwx", "yz0123456789", secret.ChecksumInvalid},
		{"GitHub, too long", "gh" + "p_zQWBuTSOoRi4A9spHcVY", "5ncnsDkxkJ0mLq17x", ""},
		{"GitHub, other characters", "gh" + "p_zQWBuTSOoRi4A9spHc-Y", "5ncnsDkxkJ0mLq17", ""},
		{"GitLab classic", "gl" + "pat-kSaPeOD_-T0J", "xMi3p28B", ""},
		{"no token", "a text of some length that is ", "no token of any kind", ""},
		{"short", "", "x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			value := []byte(tt.head + tt.tail)
			if got := secret.Checksum(value); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if tt.want != secret.ChecksumValid {
				return
			}
			for _, at := range []int{len(tt.head) - 2, len(tt.head) + 1} {
				changed := []byte(string(value))
				if changed[at]++; changed[at] > 'z' || changed[at] == '9'+1 || changed[at] == 'Z'+1 {
					changed[at] = 'a'
				}
				if got := secret.Checksum(changed); got != secret.ChecksumInvalid {
					t.Errorf("with another character %d: got %q, want %q", at, got, secret.ChecksumInvalid)
				}
			}
		})
	}
}

func FuzzChecksum(f *testing.F) {
	f.Add([]byte("gh" + "p_zQWBuTSOoRi4A9spHcVY" + "5ncnsDkxkJ0mLq17"))
	f.Add([]byte("gl" + "pat-vSY1cyL948aAB440q" + "B6L4zlu9OzsUmEV.01.0w0sfevch"))
	f.Fuzz(func(t *testing.T, value []byte) {
		switch got := secret.Checksum(value); got {
		case "", secret.ChecksumValid, secret.ChecksumInvalid:
		default:
			t.Errorf("got %q", got)
		}
	})
}

// TestMadeUp holds what is left out to forms that their makers published.
func TestMadeUp(t *testing.T) {
	tests := []struct {
		name, head, tail string
		want             bool
	}{
		{"GitHub classic, issued", "gh" + "p_zQWBuTSOoRi4A9spHcVY", "5ncnsDkxkJ0mLq17", false},
		{"GitHub classic, altered", "gh" + "p_zQWBuTSOoRi4A9spHcVY", "5ncnsDkxkJ0mLq18", true},
		{"npm, made up", "np" + "m_abcdefghijklmnopqrstuvwx", "yz0123456789", true},
		{"GitHub fine-grained, altered", "github" + "_pat_11AAYCBDQ0tjwxY3uiVv5v_lo8vfONwp06Vaq9ORB7pSx", "WM1UT5wSEuqxoxNv15mbAJTNMO62SdeYHLyzX", false},
		{"GitHub server token", "gh" + "s_16C7e42F292c69C2E7", "C10c838347Ae178B4a", false},
		{"no checksum", "a text of some length that is ", "no token of any kind", false},
	}
	for _, tt := range tests {
		if got := secret.MadeUp([]byte(tt.head + tt.tail)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestModuleSum(t *testing.T) {
	sum := "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83v" + "EjRWeJA="
	for name, tt := range map[string]struct {
		context, value string
		want           bool
	}{
		"a list of modules":      {"dep\texample.com/token\tv1.0.0\th1:" + sum, sum, true},
		"twice":                  {"h1:" + sum + " h1:" + sum, sum, true},
		"not the sum of one":     {"token: " + sum, sum, false},
		"once a sum, once not":   {"h1:" + sum + "\ntoken: " + sum, sum, false},
		"another length":         {"h1:" + sum[4:], sum[4:], false},
		"not base64":             {"h1:" + sum[:42] + "..", sum[:42] + "..", false},
		"not in what is beside":  {"h1:", sum, false},
		"the end of another one": {"h1:A" + sum, sum, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := secret.ModuleSum([]byte(tt.context), []byte(tt.value)); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
