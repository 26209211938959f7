// The server that wrk drives, as users of Go build it: gin, an access log by zap, a request id, and a histogram of
// durations by client_golang.
//
//	http_go --subject gin --log /dev/shm/access.log
//
// It prints `port N`, serves until SIGTERM, and then prints `requests N`.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

var durations = prometheus.NewHistogramVec(prometheus.HistogramOpts{
	Name:    "http_server_request_duration_seconds",
	Help:    "Duration of HTTP server requests.",
	Buckets: []float64{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10},
}, []string{"http_request_method", "url_scheme", "http_route", "http_response_status_code", "error_type",
	"network_protocol_version"})

func newID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		panic(err)
	}
	return hex.EncodeToString(id[:])
}

// observed does for a request what weir does: an id, a record with the same fields, an observation.
func observed(log *zap.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		id := c.GetHeader("X-Request-ID")
		if id == "" {
			id = newID()
		}
		c.Header("X-Request-ID", id)
		c.Next()
		took := time.Since(start)
		status := c.Writer.Status()
		durations.WithLabelValues(c.Request.Method, "http", c.FullPath(), strconv.Itoa(status), "", "1.1").
			Observe(took.Seconds())
		log.Info("request",
			zap.String("trace_id", id),
			zap.String("http.request.method", c.Request.Method),
			zap.String("url.path", c.Request.URL.Path),
			zap.String("url.scheme", "http"),
			zap.String("http.route", c.FullPath()),
			zap.String("network.protocol.version", "1.1"),
			zap.String("client.address", c.ClientIP()),
			zap.Int64("http.request.body.size", c.Request.ContentLength),
			zap.Int("http.response.body.size", c.Writer.Size()),
			zap.Float64("duration_s", took.Seconds()),
			zap.String("outcome", "completed"),
			zap.Int("http.response.status_code", status))
	}
}

func run(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(file),
		zap.InfoLevel))
	prometheus.MustRegister(durations)

	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(gin.Recovery(), observed(log))
	var requests int64
	engine.GET("/hello", func(c *gin.Context) {
		atomic.AddInt64(&requests, 1)
		c.String(http.StatusOK, "hello\n")
	})
	engine.GET("/metrics", gin.WrapH(promhttp.Handler()))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("port %d\n", listener.Addr().(*net.TCPAddr).Port)
	server := &http.Server{Handler: engine}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	stopped := make(chan error, 1)
	go func() {
		<-stop
		limit, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(limit)
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	if err := <-stopped; err != nil {
		return err
	}
	fmt.Printf("requests %d\n", atomic.LoadInt64(&requests))
	return nil
}

func main() {
	flag.String("subject", "gin", "for the sake of likeness")
	path := flag.String("log", "access.log", "the access log")
	flag.Parse()
	if err := run(*path); err != nil {
		fmt.Fprintln(os.Stderr, "http_go:", err)
		os.Exit(1)
	}
}
