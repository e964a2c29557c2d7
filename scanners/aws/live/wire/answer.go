package wire

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/muster-nhi/muster/internal/transport"
)

// errMalformed is in the chain of the error of an answer that is not in the form
// of its protocol.
var errMalformed = errors.New("the answer is not in the form that the service sends")

// read decodes an answer that says yes. Out, a pointer, is only changed if all of it
// could be decoded: what came of an answer that was cut must not stay beside what
// the next attempt brings.
func read(op Operation, body []byte, out any) error {
	if raw, ok := out.(*Raw); ok {
		if !json.Valid(body) {
			return errMalformed
		}
		*raw = body
		return nil
	}
	fresh := reflect.New(reflect.TypeOf(out).Elem())
	if err := decode(op, body, fresh.Interface()); err != nil {
		return err
	}
	reflect.ValueOf(out).Elem().Set(fresh.Elem())
	return nil
}

// decode decodes an answer in the form of its protocol.
func decode(op Operation, body []byte, out any) error {
	switch op.Service.Protocol {
	case JSON, REST:
		if err := json.Unmarshal(body, out); err != nil {
			return errMalformed // the decoder's error may quote a value
		}
		return nil
	default:
		return readXML(op, body, out)
	}
}

// Raw is an answer as it came: a policy, where that is the whole of it. It is JSON, or
// it was cut, or comes from somebody else: S3 takes no other policy (Amazon S3 API
// Reference, PutBucketPolicy: MalformedPolicy).
type Raw []byte

// readXML decodes the element of the result: NameResult for awsQuery, which wraps
// it, and the root for the others.
func readXML(op Operation, body []byte, out any) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && root == op.Name+"Response" {
			return nil // nothing to tell
		}
		if err != nil {
			return errMalformed
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch {
		case op.Service.Protocol == Query && start.Name.Local == op.Name+"Result",
			op.Service.Protocol == EC2 && start.Name.Local == op.Name+"Response",
			op.Service.Protocol == S3 && root == "" && !strings.EqualFold(start.Name.Local, "html"):
			if err := d.DecodeElement(out, &start); err != nil {
				return errMalformed
			}
			return nil
		case root == "":
			root = start.Name.Local
		}
	}
}

// refusal decodes an answer that says no: status, code and message, as far as it
// tells.
func refusal(op Operation, region string, res *http.Response, body []byte) *Error {
	e := &Error{Action: op.Action(), Region: region, Status: res.StatusCode}
	switch op.Service.Protocol {
	case JSON, REST:
		e.Code, e.Message = refusalJSON(body)
		if e.Code == "" {
			e.Code = res.Header.Get("X-Amzn-Errortype")
		}
	default:
		e.Code, e.Message = refusalXML(body)
	}
	if e.Code == "" && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		e.Code, e.Message = refusalXML(body)
	}
	e.Code = bare(e.Code)
	e.Message = transport.Message(e.Message)
	return e
}

func refusalJSON(body []byte) (code, message string) {
	var b struct {
		Type    Text `json:"__type"`
		Code    Text `json:"code"`
		Message Text `json:"message"`
	}
	if json.Unmarshal(body, &b) != nil {
		return "", ""
	}
	if b.Type == "" {
		b.Type = b.Code
	}
	return string(b.Type), string(b.Message)
}

// refusalXML finds the first Code and Message, which stand at different depths in
// the three forms.
func refusalXML(body []byte) (code, message string) {
	d := xml.NewDecoder(bytes.NewReader(body))
	for code == "" || message == "" {
		token, err := d.Token()
		if err != nil {
			return code, message
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		var s string
		switch start.Name.Local {
		case "Code":
			if d.DecodeElement(&s, &start) == nil && code == "" {
				code = s
			}
		case "Message":
			if d.DecodeElement(&s, &start) == nil && message == "" {
				message = s
			}
		}
	}
	return code, message
}

// bare takes a code out of what may stand around it: a namespace before "#", an
// address after ":".
func bare(code string) string {
	if _, after, ok := strings.Cut(code, "#"); ok {
		code = after
	}
	code, _, _ = strings.Cut(code, ":")
	return transport.Code(code)
}

// errTooLarge is in the chain of the error of an answer that no service sends: an
// endpoint that is not AWS's, or a small body that unpacks to a large one. It is not
// asked for again.
var errTooLarge = errors.New("the answer is larger than the service sends")

// all reads an answer to its end, up to a bound.
func all(op Operation, r io.Reader) ([]byte, error) {
	most := int64(maxAnswer)
	if op.Service.Prefix == "iam" && (op.Name == "GetAccountAuthorizationDetails" || op.Name == "GetCredentialReport") {
		most = maxAccount
	}
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if int64(len(body)) > most {
		return nil, fmt.Errorf("%w: more than %d MB", errTooLarge, most>>20)
	}
	return body, nil
}

// Bounds of one answer in memory. A page of IAM with 1,000 principals has some 10 MB,
// a credential report of 5,000 users 5; other pages have at most 1,000 short items.
const (
	maxAnswer  = 16 << 20
	maxAccount = 128 << 20
)
