// Reads logfmt with Go's own library; prints each line's pairs as a JSON array. For renderers.py.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-logfmt/logfmt"
)

func main() {
	decoder := logfmt.NewDecoder(os.Stdin)
	for decoder.ScanRecord() {
		pairs := [][2]string{}
		for decoder.ScanKeyval() {
			pairs = append(pairs, [2]string{string(decoder.Key()), string(decoder.Value())})
		}
		line, _ := json.Marshal(pairs)
		fmt.Println(string(line))
	}
	if decoder.Err() != nil {
		fmt.Fprintln(os.Stderr, decoder.Err())
		os.Exit(1)
	}
}
