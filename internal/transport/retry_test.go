package transport

import (
	"net/http"
	"testing"
	"time"
)

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"0", "120", "-1", "Fri, 31 Dec 1999 23:59:59 GMT", "99999999999999999999", " 5 ", "soon"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		if wait, ok := RetryAfter(text, now); wait < 0 || !ok && wait != 0 {
			t.Errorf("%q is a wait of %s, %t", text, wait, ok)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"3": 3 * time.Second, "Mon, 02 Nov 2026 09:00:05 GMT": 5 * time.Second, "soon": 0, "": 0, "-1": 0} {
		if got, _ := RetryAfter(text, now); got != want {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func TestOnceIsSentOnce(t *testing.T) {
	r := &http.Request{Method: http.MethodGet}
	if !repeatable(r) {
		t.Error("a GET is not repeated")
	}
	if repeatable(r.WithContext(Once(t.Context()))) {
		t.Error("a request that is to be sent once is repeated")
	}
}
