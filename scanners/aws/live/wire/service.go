// Package wire asks the APIs of AWS: it builds, signs, paces and repeats requests
// and decodes answers into types that hold no more than what is wanted, so that
// what a vendor's answer carries beside, such as the values of environment
// variables, is never decoded.
//
// Credentials, signatures and what counts as worth another attempt are those of
// aws-sdk-go-v2. The clients of its services are not used: docs/dependencies.md
// says why. The forms of requests and answers are those of the protocols of
// Smithy (awsQuery, ec2Query, awsJson1_0 and 1_1, restJson1, restXml).
package wire

import (
	"cmp"
	"fmt"
	"strings"
)

// A Protocol is how a service is asked and answers.
type Protocol int

// The protocols of AWS.
const (
	Query Protocol = iota // a form, and XML with a result element (awsQuery)
	EC2                   // a form, and XML without one (ec2Query)
	JSON                  // JSON both ways, the operation in a header (awsJson)
	REST                  // method and path, and JSON (restJson1)
	S3                    // method and path, and XML (restXml)
)

// A Service is where and how one service of AWS is asked.
type Service struct {
	Prefix   string // of its actions in policies: "access-analyzer"
	Host     string // of its endpoint, before region and domain; empty is Prefix
	Sign     string // its name in signatures; empty is Host
	Protocol Protocol
	Version  string  // of the API (Query, EC2), or of JSON: "1.0"
	Target   string  // before the operation in X-Amz-Target (JSON)
	Global   bool    // one endpoint serves the partition
	Rate     float64 // requests a second that one account and region is asked at most; 0 is DefaultRate
}

// DefaultRate is how many requests a second a service is asked in one account
// and region. It is below what AWS documents for the services read here.
const DefaultRate = 10

func (s Service) host() string { return cmp.Or(s.Host, s.Prefix) }
func (s Service) sign() string { return cmp.Or(s.Sign, s.host()) }

// An Operation is one call that a service offers.
type Operation struct {
	Service Service
	Name    string   // ListSecrets
	Method  string   // of REST and S3; empty is POST
	Path    string   // of REST and S3; {Name} stands for a parameter
	InQuery []string // parameters of a REST request with a body that go into its query
	Token   string   // the parameter that asks for the next page; empty if there are no pages
	Limit   string   // the parameter that bounds a page; empty if there is none
	Size    int      // the greatest value that Limit takes
}

// Action returns the operation as "service:Name", for people and errors.
func (o Operation) Action() string { return o.Service.Prefix + ":" + o.Name }

// A Partition is a separate AWS: aws, aws-cn, aws-us-gov, and a few more.
type Partition struct {
	Name   string
	Domain string
	// Home is where the services that serve a whole partition are signed for;
	// Services names those that differ.
	Home     string
	Services map[string]string
	Regions  []string // that are on without opting in
}

// PartitionOf returns the partition of a region. An unknown region is in aws, as
// new ones are.
//
// Source: the partitions and endpoints that the SDKs ship.
func PartitionOf(region string) Partition {
	for _, p := range Partitions() {
		if p.Name != "aws" && strings.HasPrefix(region, regionPrefix(p.Name)) {
			return p
		}
	}
	return Partitions()[0]
}

func regionPrefix(partition string) string {
	switch partition {
	case "aws-cn":
		return "cn-"
	case "aws-us-gov":
		return "us-gov-"
	default:
		return "eusc-"
	}
}

// Partitions returns the partitions that can be read.
func Partitions() []Partition {
	return []Partition{
		{Name: "aws", Domain: "amazonaws.com", Home: "us-east-1", Regions: []string{
			"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
			"ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
			"us-east-1", "us-east-2", "us-west-1", "us-west-2",
		}},
		{
			Name: "aws-cn", Domain: "amazonaws.com.cn", Home: "cn-north-1", Regions: []string{"cn-north-1", "cn-northwest-1"},
			Services: map[string]string{"organizations": "cn-northwest-1", "account": "cn-northwest-1"},
		},
		{Name: "aws-us-gov", Domain: "amazonaws.com", Home: "us-gov-west-1", Regions: []string{"us-gov-east-1", "us-gov-west-1"}},
		{Name: "aws-eusc", Domain: "amazonaws.eu", Home: "eusc-de-east-1", Regions: []string{"eusc-de-east-1"}},
	}
}

// region returns where a service is asked: a global one where its partition has
// it.
func (p Partition) region(s Service, region string) string {
	if s.Global {
		return cmp.Or(p.Services[s.Prefix], p.Home)
	}
	return cmp.Or(region, p.Home)
}

// endpoint returns the address of a service in a region that region returned.
func (p Partition) endpoint(s Service, region string) string {
	if s.Prefix == "iam" {
		switch p.Name {
		case "aws":
			return "https://iam.amazonaws.com"
		case "aws-us-gov":
			return "https://iam.us-gov.amazonaws.com"
		}
	}
	return fmt.Sprintf("https://%s.%s.%s", s.host(), region, p.Domain)
}
